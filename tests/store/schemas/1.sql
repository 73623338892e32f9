CREATE TABLE alert_group (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	title TEXT NOT NULL, 
	entities TEXT NOT NULL, 
	first_seen INTEGER NOT NULL, 
	last_seen INTEGER NOT NULL, 
	created_at INTEGER NOT NULL, 
	CONSTRAINT pk_alert_group PRIMARY KEY (id), 
	CONSTRAINT uq_alert_group_uid UNIQUE (uid)
)
 STRICT;

CREATE TABLE asset (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	name TEXT NOT NULL, 
	aliases TEXT NOT NULL, 
	addresses TEXT NOT NULL, 
	owner TEXT, 
	contact TEXT, 
	criticality TEXT NOT NULL, 
	tags TEXT NOT NULL, 
	description TEXT NOT NULL, 
	created_at INTEGER NOT NULL, 
	created_by TEXT NOT NULL, 
	CONSTRAINT pk_asset PRIMARY KEY (id), 
	CONSTRAINT ck_asset_kind CHECK ("kind" IN ('host', 'account', 'device')), 
	CONSTRAINT ck_asset_criticality CHECK ("criticality" IN ('low', 'medium', 'high', 'critical')), 
	CONSTRAINT uq_asset_kind_name UNIQUE (kind, name), 
	CONSTRAINT uq_asset_uid UNIQUE (uid)
)
 STRICT;

CREATE TABLE service (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	owner TEXT, 
	contact TEXT, 
	criticality TEXT NOT NULL, 
	objective REAL, 
	assets TEXT NOT NULL, 
	description TEXT NOT NULL, 
	created_at INTEGER NOT NULL, 
	created_by TEXT NOT NULL, 
	CONSTRAINT pk_service PRIMARY KEY (id), 
	CONSTRAINT ck_service_criticality CHECK ("criticality" IN ('low', 'medium', 'high', 'critical')), 
	CONSTRAINT uq_service_uid UNIQUE (uid), 
	CONSTRAINT uq_service_name UNIQUE (name)
)
 STRICT;

CREATE TABLE "view" (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	owner TEXT NOT NULL, 
	shared INTEGER NOT NULL, 
	screen TEXT NOT NULL, 
	filter TEXT NOT NULL, 
	columns TEXT NOT NULL, 
	sort TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	created_at INTEGER NOT NULL, 
	CONSTRAINT pk_view PRIMARY KEY (id), 
	CONSTRAINT uq_view_owner_screen_name UNIQUE (owner, screen, name), 
	CONSTRAINT uq_view_uid UNIQUE (uid)
)
 STRICT;

CREATE TABLE note (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	subject_kind TEXT NOT NULL, 
	subject_id INTEGER NOT NULL, 
	body TEXT NOT NULL, 
	created_at INTEGER NOT NULL, 
	created_by TEXT NOT NULL, 
	corrects_id INTEGER, 
	tlp TEXT, 
	CONSTRAINT pk_note PRIMARY KEY (id), 
	CONSTRAINT ck_note_subject_kind CHECK ("subject_kind" IN ('alert', 'ticket', 'incident')), 
	CONSTRAINT ck_note_tlp CHECK ("tlp" IN ('CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED')), 
	CONSTRAINT uq_note_uid UNIQUE (uid), 
	CONSTRAINT fk_note_corrects_id FOREIGN KEY(corrects_id) REFERENCES note (id)
)
 STRICT;

CREATE TABLE finding (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	subject_kind TEXT NOT NULL, 
	subject_id INTEGER NOT NULL, 
	checked TEXT NOT NULL, 
	"query" TEXT NOT NULL, 
	result TEXT NOT NULL, 
	meaning TEXT NOT NULL, 
	created_at INTEGER NOT NULL, 
	created_by TEXT NOT NULL, 
	corrects_id INTEGER, 
	CONSTRAINT pk_finding PRIMARY KEY (id), 
	CONSTRAINT ck_finding_subject_kind CHECK ("subject_kind" IN ('alert', 'ticket', 'incident')), 
	CONSTRAINT ck_finding_meaning CHECK ("meaning" IN ('rules_out', 'supports', 'inconclusive')), 
	CONSTRAINT uq_finding_uid UNIQUE (uid), 
	CONSTRAINT fk_finding_corrects_id FOREIGN KEY(corrects_id) REFERENCES finding (id)
)
 STRICT;

CREATE TABLE task (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	subject_kind TEXT NOT NULL, 
	subject_id INTEGER NOT NULL, 
	title TEXT NOT NULL, 
	description TEXT NOT NULL, 
	mandatory INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	reason TEXT, 
	assignee TEXT, 
	team TEXT, 
	phase TEXT, 
	position INTEGER NOT NULL, 
	due_at INTEGER, 
	created_at INTEGER NOT NULL, 
	created_by TEXT NOT NULL, 
	finished_at INTEGER, 
	finished_by TEXT, 
	CONSTRAINT pk_task PRIMARY KEY (id), 
	CONSTRAINT ck_task_subject_kind CHECK ("subject_kind" IN ('alert', 'ticket', 'incident')), 
	CONSTRAINT ck_task_state CHECK ("state" IN ('open', 'done', 'cancelled')), 
	CONSTRAINT uq_task_uid UNIQUE (uid)
)
 STRICT;

CREATE TABLE escalation (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	subject_kind TEXT NOT NULL, 
	subject_id INTEGER NOT NULL, 
	whom TEXT NOT NULL, 
	channel TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	asked_at INTEGER NOT NULL, 
	asked_by TEXT NOT NULL, 
	next_contact_at INTEGER, 
	answered_at INTEGER, 
	answer TEXT, 
	CONSTRAINT pk_escalation PRIMARY KEY (id), 
	CONSTRAINT ck_escalation_subject_kind CHECK ("subject_kind" IN ('alert', 'ticket', 'incident')), 
	CONSTRAINT uq_escalation_uid UNIQUE (uid)
)
 STRICT;

CREATE TABLE observable (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	type TEXT NOT NULL, 
	value TEXT NOT NULL, 
	ignored INTEGER NOT NULL, 
	indicator INTEGER NOT NULL, 
	origin TEXT NOT NULL, 
	confidence INTEGER, 
	tlp TEXT, 
	expires_at INTEGER, 
	first_seen INTEGER NOT NULL, 
	last_seen INTEGER NOT NULL, 
	created_at INTEGER NOT NULL, 
	created_by TEXT NOT NULL, 
	CONSTRAINT pk_observable PRIMARY KEY (id), 
	CONSTRAINT ck_observable_type CHECK ("type" IN ('ip', 'cidr', 'domain', 'url', 'email', 'md5', 'sha1', 'sha256', 'cve', 'user', 'host', 'path', 'other')), 
	CONSTRAINT ck_observable_tlp CHECK ("tlp" IN ('CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED')), 
	CONSTRAINT uq_observable_type_value UNIQUE (type, value), 
	CONSTRAINT uq_observable_uid UNIQUE (uid)
)
 STRICT;

CREATE TABLE legal_hold (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	subject_kind TEXT NOT NULL, 
	subject_id INTEGER NOT NULL, 
	reason TEXT NOT NULL, 
	placed_at INTEGER NOT NULL, 
	placed_by TEXT NOT NULL, 
	released_at INTEGER, 
	released_by TEXT, 
	CONSTRAINT pk_legal_hold PRIMARY KEY (id), 
	CONSTRAINT ck_legal_hold_subject_kind CHECK ("subject_kind" IN ('alert', 'ticket', 'incident')), 
	CONSTRAINT uq_legal_hold_uid UNIQUE (uid)
)
 STRICT;

CREATE TABLE draft (
	id INTEGER NOT NULL, 
	owner TEXT NOT NULL, 
	place TEXT NOT NULL, 
	body TEXT NOT NULL, 
	updated_at INTEGER NOT NULL, 
	CONSTRAINT pk_draft PRIMARY KEY (id), 
	CONSTRAINT uq_draft_owner_place UNIQUE (owner, place)
)
 STRICT;

CREATE TABLE handoff (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	shift TEXT NOT NULL, 
	since INTEGER NOT NULL, 
	until INTEGER NOT NULL, 
	previous_id INTEGER, 
	paragraph TEXT NOT NULL, 
	authors TEXT NOT NULL, 
	created_at INTEGER NOT NULL, 
	created_by TEXT NOT NULL, 
	signed_at INTEGER, 
	signed_by TEXT, 
	accepted_at INTEGER, 
	accepted_by TEXT, 
	self_accepted INTEGER NOT NULL, 
	audit_seq INTEGER, 
	audit_hash TEXT, 
	CONSTRAINT pk_handoff PRIMARY KEY (id), 
	CONSTRAINT ck_handoff_state CHECK ("state" IN ('draft', 'signed', 'accepted')), 
	CONSTRAINT uq_handoff_uid UNIQUE (uid), 
	CONSTRAINT fk_handoff_previous_id FOREIGN KEY(previous_id) REFERENCES handoff (id)
)
 STRICT;

CREATE TABLE source (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	name TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	pattern TEXT NOT NULL, 
	format TEXT NOT NULL, 
	"group" TEXT NOT NULL, 
	enabled INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	error TEXT, 
	half_line TEXT, 
	lines INTEGER NOT NULL, 
	events INTEGER NOT NULL, 
	unparsed INTEGER NOT NULL, 
	bytes INTEGER NOT NULL, 
	lag_bytes INTEGER NOT NULL, 
	detections INTEGER NOT NULL, 
	last_event_time INTEGER, 
	last_read_at INTEGER, 
	max_silence REAL, 
	gaps TEXT NOT NULL, 
	created_at INTEGER NOT NULL, 
	CONSTRAINT pk_source PRIMARY KEY (id), 
	CONSTRAINT ck_source_kind CHECK ("kind" IN ('file', 'stdin', 'journald', 'syslog')), 
	CONSTRAINT ck_source_state CHECK ("state" IN ('starting', 'reading', 'idle', 'silent', 'failed', 'stopped')), 
	CONSTRAINT uq_source_uid UNIQUE (uid), 
	CONSTRAINT uq_source_name UNIQUE (name)
)
 STRICT;

CREATE TABLE rule (
	id TEXT NOT NULL, 
	title TEXT NOT NULL, 
	severity INTEGER NOT NULL, 
	revision TEXT NOT NULL, 
	status TEXT NOT NULL, 
	author TEXT, 
	description TEXT NOT NULL, 
	body TEXT NOT NULL, 
	tags TEXT NOT NULL, 
	"references" TEXT NOT NULL, 
	false_positives TEXT NOT NULL, 
	runbook TEXT, 
	path TEXT NOT NULL, 
	enabled INTEGER NOT NULL, 
	loaded_at INTEGER NOT NULL, 
	detections INTEGER NOT NULL, 
	last_detection_at INTEGER, 
	CONSTRAINT pk_rule PRIMARY KEY (id), 
	CONSTRAINT ck_rule_severity CHECK ("severity" BETWEEN 0 AND 4)
)
 STRICT;

CREATE TABLE refused_rule (
	id INTEGER NOT NULL, 
	place TEXT NOT NULL, 
	what TEXT NOT NULL, 
	hint TEXT NOT NULL, 
	loaded_at INTEGER NOT NULL, 
	CONSTRAINT pk_refused_rule PRIMARY KEY (id)
)
 STRICT;

CREATE TABLE matcher_state (
	name TEXT NOT NULL, 
	revision TEXT NOT NULL, 
	state BLOB NOT NULL, 
	remarks TEXT NOT NULL, 
	updated_at INTEGER NOT NULL, 
	CONSTRAINT pk_matcher_state PRIMARY KEY (name)
)
 STRICT;

CREATE TABLE window_part (
	lease TEXT NOT NULL, 
	rule_id TEXT NOT NULL, 
	part BLOB NOT NULL, 
	state BLOB NOT NULL, 
	CONSTRAINT pk_window_part PRIMARY KEY (lease, rule_id, part)
)
 STRICT;

CREATE TABLE suppression (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	title TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	rule_id TEXT, 
	filter TEXT NOT NULL, 
	matcher TEXT NOT NULL, 
	alert_id INTEGER, 
	starts_at INTEGER NOT NULL, 
	until INTEGER NOT NULL, 
	review_at INTEGER, 
	approved_by TEXT, 
	ended_at INTEGER, 
	ended_by TEXT, 
	hit_count INTEGER NOT NULL, 
	last_hit_at INTEGER, 
	created_at INTEGER NOT NULL, 
	created_by TEXT NOT NULL, 
	CONSTRAINT pk_suppression PRIMARY KEY (id), 
	CONSTRAINT ck_suppression_kind CHECK ("kind" IN ('suppression', 'maintenance')), 
	CONSTRAINT uq_suppression_uid UNIQUE (uid)
)
 STRICT;

CREATE TABLE node (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	host TEXT NOT NULL, 
	pid INTEGER NOT NULL, 
	login TEXT NOT NULL, 
	app_version TEXT NOT NULL, 
	started_at INTEGER NOT NULL, 
	heartbeat_at INTEGER NOT NULL, 
	stopped_at INTEGER, 
	hints TEXT NOT NULL, 
	CONSTRAINT pk_node PRIMARY KEY (id), 
	CONSTRAINT ck_node_kind CHECK ("kind" IN ('collector', 'console', 'command')), 
	CONSTRAINT uq_node_uid UNIQUE (uid)
)
 STRICT;

CREATE TABLE meta (
	"key" TEXT NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_meta PRIMARY KEY ("key")
)
 STRICT;

CREATE TABLE action (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	verb TEXT NOT NULL, 
	"by" TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	summary TEXT NOT NULL, 
	rows INTEGER NOT NULL, 
	subject_kind TEXT, 
	subject_id INTEGER, 
	undoable INTEGER NOT NULL, 
	undoes_id INTEGER, 
	undone_by_id INTEGER, 
	CONSTRAINT pk_action PRIMARY KEY (id), 
	CONSTRAINT uq_action_uid UNIQUE (uid), 
	CONSTRAINT fk_action_undoes_id FOREIGN KEY(undoes_id) REFERENCES action (id), 
	CONSTRAINT fk_action_undone_by_id FOREIGN KEY(undone_by_id) REFERENCES action (id)
)
 STRICT;

CREATE TABLE audit_entry (
	seq INTEGER NOT NULL, 
	action_id INTEGER NOT NULL, 
	at INTEGER NOT NULL, 
	"by" TEXT NOT NULL, 
	verb TEXT NOT NULL, 
	operation TEXT NOT NULL, 
	entity TEXT NOT NULL, 
	entity_id INTEGER, 
	entity_uid TEXT NOT NULL, 
	payload_hash BLOB NOT NULL, 
	previous BLOB NOT NULL, 
	hash BLOB NOT NULL, 
	CONSTRAINT pk_audit_entry PRIMARY KEY (seq), 
	CONSTRAINT ck_audit_entry_operation CHECK ("operation" IN ('insert', 'update', 'delete', 'batch', 'note'))
)
 STRICT;

CREATE TABLE audit_anchor (
	id INTEGER NOT NULL, 
	seq INTEGER NOT NULL, 
	hash BLOB NOT NULL, 
	at INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	place TEXT NOT NULL, 
	seal BLOB, 
	CONSTRAINT pk_audit_anchor PRIMARY KEY (id), 
	CONSTRAINT ck_audit_anchor_kind CHECK ("kind" IN ('syslog', 'file', 'handoff'))
)
 STRICT;

CREATE TABLE change_head (
	id INTEGER NOT NULL, 
	seq INTEGER NOT NULL, 
	audit_seq INTEGER NOT NULL, 
	audit_hash BLOB NOT NULL, 
	CONSTRAINT pk_change_head PRIMARY KEY (id), 
	CONSTRAINT ck_change_head_id CHECK (id = 1)
)
 STRICT;

CREATE TABLE change (
	id INTEGER NOT NULL, 
	seq INTEGER NOT NULL, 
	at INTEGER NOT NULL, 
	entity TEXT NOT NULL, 
	entity_id INTEGER, 
	"by" TEXT NOT NULL, 
	verb TEXT NOT NULL, 
	CONSTRAINT pk_change PRIMARY KEY (id)
)
 STRICT;

CREATE TABLE human_sequence (
	prefix TEXT NOT NULL, 
	year INTEGER NOT NULL, 
	n INTEGER NOT NULL, 
	CONSTRAINT pk_human_sequence PRIMARY KEY (prefix, year)
)
 STRICT;

CREATE TABLE setting (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	value TEXT NOT NULL, 
	updated_at INTEGER, 
	CONSTRAINT pk_setting PRIMARY KEY (id), 
	CONSTRAINT uq_setting_uid UNIQUE (uid), 
	CONSTRAINT uq_setting_name UNIQUE (name)
)
 STRICT;

CREATE TABLE context (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	fingerprint TEXT NOT NULL, 
	rule_id TEXT NOT NULL, 
	title TEXT NOT NULL, 
	tags TEXT NOT NULL, 
	source_id INTEGER NOT NULL, 
	entities TEXT NOT NULL, 
	host TEXT, 
	username TEXT, 
	source_ip TEXT, 
	count INTEGER NOT NULL, 
	first_seen INTEGER NOT NULL, 
	last_seen INTEGER NOT NULL, 
	sample TEXT NOT NULL, 
	CONSTRAINT pk_context PRIMARY KEY (id), 
	CONSTRAINT uq_context_uid UNIQUE (uid), 
	CONSTRAINT fk_context_source_id FOREIGN KEY(source_id) REFERENCES source (id)
)
 STRICT;

CREATE TABLE observable_link (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	subject_kind TEXT NOT NULL, 
	subject_id INTEGER NOT NULL, 
	observable_id INTEGER NOT NULL, 
	found_in TEXT NOT NULL, 
	confirmed_at INTEGER, 
	confirmed_by TEXT, 
	created_at INTEGER NOT NULL, 
	CONSTRAINT pk_observable_link PRIMARY KEY (id), 
	CONSTRAINT ck_observable_link_subject_kind CHECK ("subject_kind" IN ('alert', 'ticket', 'incident')), 
	CONSTRAINT uq_observable_link_observable_id_subject_kind_subject_id UNIQUE (observable_id, subject_kind, subject_id), 
	CONSTRAINT uq_observable_link_uid UNIQUE (uid), 
	CONSTRAINT fk_observable_link_observable_id FOREIGN KEY(observable_id) REFERENCES observable (id)
)
 STRICT;

CREATE TABLE incident (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	human_id TEXT NOT NULL, 
	title TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	severity INTEGER NOT NULL, 
	phase TEXT NOT NULL, 
	outcome TEXT, 
	summary TEXT NOT NULL, 
	scope TEXT NOT NULL, 
	category TEXT NOT NULL, 
	tags TEXT NOT NULL, 
	tlp TEXT NOT NULL, 
	pap TEXT NOT NULL, 
	functional_impact TEXT NOT NULL, 
	confidentiality_impact TEXT NOT NULL, 
	integrity_impact TEXT NOT NULL, 
	availability_impact TEXT NOT NULL, 
	recoverability TEXT NOT NULL, 
	service_id INTEGER, 
	hypothesis TEXT NOT NULL, 
	unchecked TEXT NOT NULL, 
	next_step TEXT NOT NULL, 
	deadline INTEGER, 
	blockers TEXT NOT NULL, 
	update_every INTEGER, 
	next_update_due_at INTEGER, 
	escalate_to TEXT, 
	escalate_at INTEGER, 
	started_at INTEGER, 
	detected_at INTEGER, 
	reported_at INTEGER, 
	declared_at INTEGER NOT NULL, 
	declared_by TEXT NOT NULL, 
	first_response_at INTEGER, 
	contained_at INTEGER, 
	recovered_at INTEGER, 
	closed_at INTEGER, 
	closed_by TEXT, 
	updated_at INTEGER, 
	voided_at INTEGER, 
	merged_into_id INTEGER, 
	review TEXT NOT NULL, 
	review_due_at INTEGER, 
	reviewed_at INTEGER, 
	reviewed_by TEXT, 
	root_cause TEXT NOT NULL, 
	CONSTRAINT pk_incident PRIMARY KEY (id), 
	CONSTRAINT ck_incident_kind CHECK ("kind" IN ('security', 'service')), 
	CONSTRAINT ck_incident_severity CHECK ("severity" BETWEEN 1 AND 5), 
	CONSTRAINT ck_incident_phase CHECK ("phase" IN ('declared', 'analysis', 'containment', 'eradication', 'recovery', 'post_incident', 'closed')), 
	CONSTRAINT ck_incident_outcome CHECK ("outcome" IN ('confirmed', 'declared_in_error', 'merged')), 
	CONSTRAINT ck_incident_functional_impact CHECK ("functional_impact" IN ('none', 'low', 'medium', 'high')), 
	CONSTRAINT ck_incident_confidentiality_impact CHECK ("confidentiality_impact" IN ('none', 'low', 'high')), 
	CONSTRAINT ck_incident_integrity_impact CHECK ("integrity_impact" IN ('none', 'low', 'high')), 
	CONSTRAINT ck_incident_availability_impact CHECK ("availability_impact" IN ('none', 'low', 'high')), 
	CONSTRAINT ck_incident_recoverability CHECK ("recoverability" IN ('regular', 'supplemented', 'extended', 'not_recoverable')), 
	CONSTRAINT ck_incident_tlp CHECK ("tlp" IN ('CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED')), 
	CONSTRAINT ck_incident_pap CHECK ("pap" IN ('CLEAR', 'GREEN', 'AMBER', 'RED')), 
	CONSTRAINT uq_incident_uid UNIQUE (uid), 
	CONSTRAINT uq_incident_human_id UNIQUE (human_id), 
	CONSTRAINT fk_incident_service_id FOREIGN KEY(service_id) REFERENCES service (id), 
	CONSTRAINT fk_incident_merged_into_id FOREIGN KEY(merged_into_id) REFERENCES incident (id)
)
 STRICT;

CREATE TABLE handoff_item (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	handoff_id INTEGER NOT NULL, 
	section TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	ref TEXT NOT NULL, 
	text TEXT NOT NULL, 
	owner TEXT, 
	next_step TEXT NOT NULL, 
	due_at INTEGER, 
	details TEXT NOT NULL, 
	state TEXT NOT NULL, 
	decided_at INTEGER, 
	decided_by TEXT, 
	reason TEXT, 
	lead TEXT, 
	CONSTRAINT pk_handoff_item PRIMARY KEY (id), 
	CONSTRAINT ck_handoff_item_state CHECK ("state" IN ('pending', 'accepted', 'refused')), 
	CONSTRAINT uq_handoff_item_uid UNIQUE (uid), 
	CONSTRAINT fk_handoff_item_handoff_id FOREIGN KEY(handoff_id) REFERENCES handoff (id)
)
 STRICT;

CREATE TABLE handoff_amendment (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	handoff_id INTEGER NOT NULL, 
	at INTEGER NOT NULL, 
	"by" TEXT NOT NULL, 
	text TEXT NOT NULL, 
	CONSTRAINT pk_handoff_amendment PRIMARY KEY (id), 
	CONSTRAINT uq_handoff_amendment_uid UNIQUE (uid), 
	CONSTRAINT fk_handoff_amendment_handoff_id FOREIGN KEY(handoff_id) REFERENCES handoff (id)
)
 STRICT;

CREATE TABLE generation (
	id INTEGER NOT NULL, 
	source_id INTEGER NOT NULL, 
	path TEXT NOT NULL, 
	device INTEGER, 
	inode INTEGER, 
	head BLOB NOT NULL, 
	marker BLOB NOT NULL, 
	"offset" INTEGER NOT NULL, 
	size INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	epoch INTEGER NOT NULL, 
	format TEXT, 
	format_reason TEXT, 
	first_seen_at INTEGER NOT NULL, 
	updated_at INTEGER NOT NULL, 
	CONSTRAINT pk_generation PRIMARY KEY (id), 
	CONSTRAINT ck_generation_state CHECK ("state" IN ('live', 'held', 'truncated', 'rescued', 'gone')), 
	CONSTRAINT fk_generation_source_id FOREIGN KEY(source_id) REFERENCES source (id)
)
 STRICT;

CREATE TABLE lease (
	name TEXT NOT NULL, 
	node_id INTEGER, 
	epoch INTEGER NOT NULL, 
	expires_at INTEGER, 
	CONSTRAINT pk_lease PRIMARY KEY (name), 
	CONSTRAINT fk_lease_node_id FOREIGN KEY(node_id) REFERENCES node (id)
)
 STRICT;

CREATE TABLE event_count (
	hour INTEGER NOT NULL, 
	source_id INTEGER NOT NULL, 
	category TEXT NOT NULL, 
	events INTEGER NOT NULL, 
	unparsed INTEGER NOT NULL, 
	CONSTRAINT pk_event_count PRIMARY KEY (hour, source_id, category), 
	CONSTRAINT fk_event_count_source_id FOREIGN KEY(source_id) REFERENCES source (id)
)
 STRICT;

CREATE TABLE detection_count (
	hour INTEGER NOT NULL, 
	rule_id TEXT NOT NULL, 
	source_id INTEGER NOT NULL, 
	detections INTEGER NOT NULL, 
	alerts INTEGER NOT NULL, 
	folded INTEGER NOT NULL, 
	suppressed INTEGER NOT NULL, 
	CONSTRAINT pk_detection_count PRIMARY KEY (hour, rule_id, source_id), 
	CONSTRAINT fk_detection_count_source_id FOREIGN KEY(source_id) REFERENCES source (id)
)
 STRICT;

CREATE TABLE presence (
	id INTEGER NOT NULL, 
	node_id INTEGER NOT NULL, 
	login TEXT NOT NULL, 
	screen TEXT NOT NULL, 
	subject_kind TEXT, 
	subject_id INTEGER, 
	verb TEXT NOT NULL, 
	since INTEGER NOT NULL, 
	seen_at INTEGER NOT NULL, 
	CONSTRAINT pk_presence PRIMARY KEY (id), 
	CONSTRAINT ck_presence_verb CHECK ("verb" IN ('viewing', 'editing')), 
	CONSTRAINT uq_presence_node_id_subject_kind_subject_id UNIQUE (node_id, subject_kind, subject_id), 
	CONSTRAINT fk_presence_node_id FOREIGN KEY(node_id) REFERENCES node (id)
)
 STRICT;

CREATE TABLE audit_payload (
	seq INTEGER NOT NULL, 
	salt BLOB NOT NULL, 
	body TEXT NOT NULL, 
	CONSTRAINT pk_audit_payload PRIMARY KEY (seq), 
	CONSTRAINT fk_audit_payload_seq FOREIGN KEY(seq) REFERENCES audit_entry (seq)
)
 STRICT;

CREATE TABLE ticket (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	human_id TEXT NOT NULL, 
	title TEXT NOT NULL, 
	description TEXT NOT NULL, 
	category TEXT NOT NULL, 
	template TEXT, 
	tags TEXT NOT NULL, 
	fields TEXT NOT NULL, 
	tlp TEXT NOT NULL, 
	pap TEXT NOT NULL, 
	status TEXT NOT NULL, 
	disposition TEXT, 
	sub_reason TEXT, 
	resolution TEXT, 
	impact TEXT NOT NULL, 
	urgency TEXT NOT NULL, 
	priority INTEGER NOT NULL, 
	priority_reason TEXT, 
	assignee TEXT, 
	watchers TEXT NOT NULL, 
	reporter TEXT, 
	contact TEXT, 
	channel TEXT, 
	reported_at INTEGER, 
	asset_id INTEGER, 
	service_id INTEGER, 
	hypothesis TEXT NOT NULL, 
	unchecked TEXT NOT NULL, 
	next_step TEXT NOT NULL, 
	deadline INTEGER, 
	waiting_on TEXT, 
	waiting_since INTEGER, 
	chase_at INTEGER, 
	respond_due_at INTEGER, 
	due_at INTEGER, 
	paused INTEGER NOT NULL, 
	opened_at INTEGER NOT NULL, 
	opened_by TEXT NOT NULL, 
	updated_at INTEGER, 
	responded_at INTEGER, 
	started_at INTEGER, 
	resolved_at INTEGER, 
	resolved_by TEXT, 
	closed_at INTEGER, 
	closed_by TEXT, 
	reopened_at INTEGER, 
	reopen_count INTEGER NOT NULL, 
	voided_at INTEGER, 
	merged_into_id INTEGER, 
	incident_id INTEGER, 
	CONSTRAINT pk_ticket PRIMARY KEY (id), 
	CONSTRAINT ck_ticket_status CHECK ("status" IN ('open', 'in_progress', 'waiting', 'resolved', 'closed')), 
	CONSTRAINT ck_ticket_disposition CHECK ("disposition" IN ('true_positive', 'benign_positive', 'false_positive', 'duplicate', 'undetermined')), 
	CONSTRAINT ck_ticket_sub_reason CHECK ("sub_reason" IN ('malicious', 'policy', 'expected', 'test', 'maintenance', 'rule_logic', 'bad_data')), 
	CONSTRAINT ck_ticket_impact CHECK ("impact" IN ('low', 'medium', 'high')), 
	CONSTRAINT ck_ticket_urgency CHECK ("urgency" IN ('low', 'medium', 'high')), 
	CONSTRAINT ck_ticket_priority CHECK ("priority" BETWEEN 1 AND 4), 
	CONSTRAINT ck_ticket_tlp CHECK ("tlp" IN ('CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED')), 
	CONSTRAINT ck_ticket_pap CHECK ("pap" IN ('CLEAR', 'GREEN', 'AMBER', 'RED')), 
	CONSTRAINT uq_ticket_uid UNIQUE (uid), 
	CONSTRAINT uq_ticket_human_id UNIQUE (human_id), 
	CONSTRAINT fk_ticket_asset_id FOREIGN KEY(asset_id) REFERENCES asset (id), 
	CONSTRAINT fk_ticket_service_id FOREIGN KEY(service_id) REFERENCES service (id), 
	CONSTRAINT fk_ticket_merged_into_id FOREIGN KEY(merged_into_id) REFERENCES ticket (id), 
	CONSTRAINT fk_ticket_incident_id FOREIGN KEY(incident_id) REFERENCES incident (id)
)
 STRICT;

CREATE TABLE evidence (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	subject_kind TEXT NOT NULL, 
	subject_id INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	title TEXT NOT NULL, 
	filename TEXT, 
	media_type TEXT NOT NULL, 
	content BLOB, 
	sha256 TEXT NOT NULL, 
	size INTEGER NOT NULL, 
	source_id INTEGER, 
	generation_id INTEGER, 
	path TEXT NOT NULL, 
	offset_from INTEGER, 
	offset_to INTEGER, 
	event_time INTEGER, 
	command TEXT, 
	reason TEXT NOT NULL, 
	tlp TEXT, 
	captured_at INTEGER NOT NULL, 
	captured_by TEXT NOT NULL, 
	CONSTRAINT pk_evidence PRIMARY KEY (id), 
	CONSTRAINT ck_evidence_subject_kind CHECK ("subject_kind" IN ('alert', 'ticket', 'incident')), 
	CONSTRAINT ck_evidence_kind CHECK ("kind" IN ('events', 'file', 'output')), 
	CONSTRAINT ck_evidence_tlp CHECK ("tlp" IN ('CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED')), 
	CONSTRAINT uq_evidence_uid UNIQUE (uid), 
	CONSTRAINT fk_evidence_source_id FOREIGN KEY(source_id) REFERENCES source (id), 
	CONSTRAINT fk_evidence_generation_id FOREIGN KEY(generation_id) REFERENCES generation (id)
)
 STRICT;

CREATE TABLE incident_phase (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	incident_id INTEGER NOT NULL, 
	phase TEXT NOT NULL, 
	entered_at INTEGER NOT NULL, 
	entered_by TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	left_at INTEGER, 
	CONSTRAINT pk_incident_phase PRIMARY KEY (id), 
	CONSTRAINT ck_incident_phase_phase CHECK ("phase" IN ('declared', 'analysis', 'containment', 'eradication', 'recovery', 'post_incident', 'closed')), 
	CONSTRAINT uq_incident_phase_uid UNIQUE (uid), 
	CONSTRAINT fk_incident_phase_incident_id FOREIGN KEY(incident_id) REFERENCES incident (id)
)
 STRICT;

CREATE TABLE incident_role (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	incident_id INTEGER NOT NULL, 
	role TEXT NOT NULL, 
	login TEXT NOT NULL, 
	since INTEGER NOT NULL, 
	until INTEGER, 
	assigned_by TEXT NOT NULL, 
	CONSTRAINT pk_incident_role PRIMARY KEY (id), 
	CONSTRAINT ck_incident_role_role CHECK ("role" IN ('commander', 'deputy', 'scribe', 'liaison', 'responder')), 
	CONSTRAINT uq_incident_role_uid UNIQUE (uid), 
	CONSTRAINT fk_incident_role_incident_id FOREIGN KEY(incident_id) REFERENCES incident (id)
)
 STRICT;

CREATE TABLE countermeasure (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	incident_id INTEGER NOT NULL, 
	title TEXT NOT NULL, 
	target TEXT NOT NULL, 
	state TEXT NOT NULL, 
	"rollback" TEXT NOT NULL, 
	expires_at INTEGER, 
	proposed_at INTEGER NOT NULL, 
	proposed_by TEXT NOT NULL, 
	approved_at INTEGER, 
	approved_by TEXT, 
	activated_at INTEGER, 
	activated_by TEXT, 
	verified_at INTEGER, 
	verified_by TEXT, 
	removed_at INTEGER, 
	removed_by TEXT, 
	CONSTRAINT pk_countermeasure PRIMARY KEY (id), 
	CONSTRAINT ck_countermeasure_state CHECK ("state" IN ('proposed', 'approved', 'active', 'verified', 'removed')), 
	CONSTRAINT uq_countermeasure_uid UNIQUE (uid), 
	CONSTRAINT fk_countermeasure_incident_id FOREIGN KEY(incident_id) REFERENCES incident (id)
)
 STRICT;

CREATE TABLE communication (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	incident_id INTEGER NOT NULL, 
	at INTEGER NOT NULL, 
	"by" TEXT NOT NULL, 
	audience TEXT NOT NULL, 
	channel TEXT NOT NULL, 
	body TEXT NOT NULL, 
	tlp TEXT, 
	next_update_due_at INTEGER, 
	CONSTRAINT pk_communication PRIMARY KEY (id), 
	CONSTRAINT ck_communication_tlp CHECK ("tlp" IN ('CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED')), 
	CONSTRAINT uq_communication_uid UNIQUE (uid), 
	CONSTRAINT fk_communication_incident_id FOREIGN KEY(incident_id) REFERENCES incident (id)
)
 STRICT;

CREATE TABLE timeline_entry (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	incident_id INTEGER NOT NULL, 
	at INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	text TEXT NOT NULL, 
	recorded_at INTEGER NOT NULL, 
	recorded_by TEXT NOT NULL, 
	CONSTRAINT pk_timeline_entry PRIMARY KEY (id), 
	CONSTRAINT ck_timeline_entry_kind CHECK ("kind" IN ('event', 'alert', 'note', 'evidence', 'decision', 'action', 'other')), 
	CONSTRAINT uq_timeline_entry_uid UNIQUE (uid), 
	CONSTRAINT fk_timeline_entry_incident_id FOREIGN KEY(incident_id) REFERENCES incident (id)
)
 STRICT;

CREATE TABLE outage (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	service_id INTEGER NOT NULL, 
	incident_id INTEGER, 
	down_from INTEGER NOT NULL, 
	up_at INTEGER, 
	CONSTRAINT pk_outage PRIMARY KEY (id), 
	CONSTRAINT uq_outage_uid UNIQUE (uid), 
	CONSTRAINT fk_outage_service_id FOREIGN KEY(service_id) REFERENCES service (id), 
	CONSTRAINT fk_outage_incident_id FOREIGN KEY(incident_id) REFERENCES incident (id)
)
 STRICT;

CREATE TABLE source_note (
	id INTEGER NOT NULL, 
	source_id INTEGER NOT NULL, 
	generation_id INTEGER, 
	kind TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	path TEXT NOT NULL, 
	offset_from INTEGER, 
	offset_to INTEGER, 
	detail TEXT NOT NULL, 
	CONSTRAINT pk_source_note PRIMARY KEY (id), 
	CONSTRAINT ck_source_note_kind CHECK ("kind" IN ('gap', 'truncation', 'rotation', 'deletion', 'copy', 'long_line', 'nul_hole', 'unterminated', 'bad_encoding', 'clock_skew', 'watch', 'compression', 'silence', 'failure')), 
	CONSTRAINT fk_source_note_source_id FOREIGN KEY(source_id) REFERENCES source (id), 
	CONSTRAINT fk_source_note_generation_id FOREIGN KEY(generation_id) REFERENCES generation (id)
)
 STRICT;

CREATE TABLE alert (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	fingerprint TEXT NOT NULL, 
	title TEXT NOT NULL, 
	summary TEXT NOT NULL, 
	rule_id TEXT NOT NULL, 
	rule_revision TEXT NOT NULL, 
	runbook TEXT, 
	tags TEXT NOT NULL, 
	source_id INTEGER NOT NULL, 
	category TEXT, 
	severity INTEGER NOT NULL, 
	rule_severity INTEGER, 
	severity_override INTEGER, 
	severity_reason TEXT, 
	rank REAL NOT NULL, 
	rank_terms TEXT NOT NULL, 
	status TEXT NOT NULL, 
	is_open INTEGER NOT NULL, 
	disposition TEXT, 
	sub_reason TEXT, 
	close_reason TEXT, 
	assignee TEXT, 
	claim_expires_at INTEGER, 
	status_before TEXT, 
	shelved_until INTEGER, 
	shelved_by TEXT, 
	shelve_reason TEXT, 
	count INTEGER NOT NULL, 
	quiet_count INTEGER NOT NULL, 
	quiet_until INTEGER, 
	worse_at INTEGER, 
	worse_reason TEXT, 
	stopped_at INTEGER, 
	auto_closed INTEGER NOT NULL, 
	reopen_count INTEGER NOT NULL, 
	entities TEXT NOT NULL, 
	host TEXT, 
	username TEXT, 
	source_ip TEXT, 
	destination_ip TEXT, 
	asset_id INTEGER, 
	service_id INTEGER, 
	suppression_id INTEGER, 
	previous_id INTEGER, 
	duplicate_of_id INTEGER, 
	group_id INTEGER, 
	ticket_id INTEGER, 
	incident_id INTEGER, 
	event_time INTEGER, 
	first_seen INTEGER NOT NULL, 
	last_seen INTEGER NOT NULL, 
	read_at INTEGER, 
	created_at INTEGER NOT NULL, 
	updated_at INTEGER, 
	first_viewed_at INTEGER, 
	acknowledged_at INTEGER, 
	acknowledged_by TEXT, 
	escalated_at INTEGER, 
	escalated_by TEXT, 
	closed_at INTEGER, 
	closed_by TEXT, 
	reopened_at INTEGER, 
	maintenance_until INTEGER, 
	CONSTRAINT pk_alert PRIMARY KEY (id), 
	CONSTRAINT ck_alert_status CHECK ("status" IN ('new', 'acknowledged', 'escalated', 'shelved', 'closed')), 
	CONSTRAINT ck_alert_status_before CHECK ("status_before" IN ('new', 'acknowledged', 'escalated', 'shelved', 'closed')), 
	CONSTRAINT ck_alert_disposition CHECK ("disposition" IN ('true_positive', 'benign_positive', 'false_positive', 'duplicate', 'undetermined')), 
	CONSTRAINT ck_alert_sub_reason CHECK ("sub_reason" IN ('malicious', 'policy', 'expected', 'test', 'maintenance', 'rule_logic', 'bad_data')), 
	CONSTRAINT ck_alert_category CHECK ("category" IN ('informational', 'warning', 'exception', 'maintenance')), 
	CONSTRAINT ck_alert_severity CHECK ("severity" BETWEEN 0 AND 4), 
	CONSTRAINT ck_alert_is_open CHECK ((status <> 'closed') = is_open), 
	CONSTRAINT ck_alert_decided CHECK (status = 'closed' OR (disposition IS NULL AND sub_reason IS NULL)), 
	CONSTRAINT ck_alert_count CHECK (count >= 1), 
	CONSTRAINT uq_alert_uid UNIQUE (uid), 
	CONSTRAINT fk_alert_source_id FOREIGN KEY(source_id) REFERENCES source (id), 
	CONSTRAINT fk_alert_asset_id FOREIGN KEY(asset_id) REFERENCES asset (id), 
	CONSTRAINT fk_alert_service_id FOREIGN KEY(service_id) REFERENCES service (id), 
	CONSTRAINT fk_alert_suppression_id FOREIGN KEY(suppression_id) REFERENCES suppression (id), 
	CONSTRAINT fk_alert_previous_id FOREIGN KEY(previous_id) REFERENCES alert (id), 
	CONSTRAINT fk_alert_duplicate_of_id FOREIGN KEY(duplicate_of_id) REFERENCES alert (id), 
	CONSTRAINT fk_alert_group_id FOREIGN KEY(group_id) REFERENCES alert_group (id), 
	CONSTRAINT fk_alert_ticket_id FOREIGN KEY(ticket_id) REFERENCES ticket (id), 
	CONSTRAINT fk_alert_incident_id FOREIGN KEY(incident_id) REFERENCES incident (id)
)
 STRICT;

CREATE TABLE ticket_link (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	ticket_id INTEGER NOT NULL, 
	other_id INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	added_at INTEGER NOT NULL, 
	added_by TEXT NOT NULL, 
	CONSTRAINT pk_ticket_link PRIMARY KEY (id), 
	CONSTRAINT ck_ticket_link_kind CHECK ("kind" IN ('related', 'duplicate', 'blocks', 'merged', 'action_item', 'precedent')), 
	CONSTRAINT uq_ticket_link_ticket_id_other_id_kind UNIQUE (ticket_id, other_id, kind), 
	CONSTRAINT uq_ticket_link_uid UNIQUE (uid), 
	CONSTRAINT fk_ticket_link_ticket_id FOREIGN KEY(ticket_id) REFERENCES ticket (id), 
	CONSTRAINT fk_ticket_link_other_id FOREIGN KEY(other_id) REFERENCES ticket (id)
)
 STRICT;

CREATE TABLE clock_pause (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	ticket_id INTEGER NOT NULL, 
	since INTEGER NOT NULL, 
	until INTEGER, 
	reason TEXT NOT NULL, 
	CONSTRAINT pk_clock_pause PRIMARY KEY (id), 
	CONSTRAINT uq_clock_pause_uid UNIQUE (uid), 
	CONSTRAINT fk_clock_pause_ticket_id FOREIGN KEY(ticket_id) REFERENCES ticket (id)
)
 STRICT;

CREATE TABLE ticket_term (
	term TEXT NOT NULL, 
	ticket_id INTEGER NOT NULL, 
	count INTEGER NOT NULL, 
	CONSTRAINT pk_ticket_term PRIMARY KEY (term, ticket_id), 
	CONSTRAINT fk_ticket_term_ticket_id FOREIGN KEY(ticket_id) REFERENCES ticket (id)
)
 STRICT;

CREATE TABLE custody (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	evidence_id INTEGER NOT NULL, 
	verb TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	"by" TEXT NOT NULL, 
	detail TEXT NOT NULL, 
	CONSTRAINT pk_custody PRIMARY KEY (id), 
	CONSTRAINT ck_custody_verb CHECK ("verb" IN ('attached', 'viewed', 'exported', 'verified', 'mismatch')), 
	CONSTRAINT uq_custody_uid UNIQUE (uid), 
	CONSTRAINT fk_custody_evidence_id FOREIGN KEY(evidence_id) REFERENCES evidence (id)
)
 STRICT;

CREATE TABLE alert_evidence (
	id INTEGER NOT NULL, 
	alert_id INTEGER NOT NULL, 
	source_id INTEGER, 
	generation_id INTEGER, 
	path TEXT NOT NULL, 
	"offset" INTEGER NOT NULL, 
	"end" INTEGER NOT NULL, 
	line_number INTEGER NOT NULL, 
	raw BLOB NOT NULL, 
	format TEXT NOT NULL, 
	fields TEXT NOT NULL, 
	names TEXT NOT NULL, 
	parts TEXT NOT NULL, 
	window TEXT, 
	"trigger" INTEGER NOT NULL, 
	event_time INTEGER NOT NULL, 
	read_at INTEGER, 
	CONSTRAINT pk_alert_evidence PRIMARY KEY (id), 
	CONSTRAINT fk_alert_evidence_alert_id FOREIGN KEY(alert_id) REFERENCES alert (id), 
	CONSTRAINT fk_alert_evidence_source_id FOREIGN KEY(source_id) REFERENCES source (id), 
	CONSTRAINT fk_alert_evidence_generation_id FOREIGN KEY(generation_id) REFERENCES generation (id)
)
 STRICT;

CREATE TABLE ticket_alert (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	ticket_id INTEGER NOT NULL, 
	alert_id INTEGER NOT NULL, 
	added_at INTEGER NOT NULL, 
	added_by TEXT NOT NULL, 
	CONSTRAINT pk_ticket_alert PRIMARY KEY (id), 
	CONSTRAINT uq_ticket_alert_ticket_id_alert_id UNIQUE (ticket_id, alert_id), 
	CONSTRAINT uq_ticket_alert_uid UNIQUE (uid), 
	CONSTRAINT fk_ticket_alert_ticket_id FOREIGN KEY(ticket_id) REFERENCES ticket (id), 
	CONSTRAINT fk_ticket_alert_alert_id FOREIGN KEY(alert_id) REFERENCES alert (id)
)
 STRICT;

CREATE VIRTUAL TABLE alert_fts USING fts5(title, summary, rule_id, host, username, source_ip, content='alert', content_rowid='id', tokenize="unicode61 remove_diacritics 2 tokenchars '._-@'");

CREATE VIRTUAL TABLE ticket_fts USING fts5(human_id, title, description, hypothesis, unchecked, next_step, resolution, content='ticket', content_rowid='id', tokenize="unicode61 remove_diacritics 2 tokenchars '._-@'");

CREATE VIRTUAL TABLE incident_fts USING fts5(human_id, title, summary, scope, root_cause, next_step, content='incident', content_rowid='id', tokenize="unicode61 remove_diacritics 2 tokenchars '._-@'");

CREATE VIRTUAL TABLE note_fts USING fts5(body, content='note', content_rowid='id', tokenize="unicode61 remove_diacritics 2 tokenchars '._-@'");

CREATE VIRTUAL TABLE finding_fts USING fts5(checked, query, result, content='finding', content_rowid='id', tokenize="unicode61 remove_diacritics 2 tokenchars '._-@'");

CREATE TABLE alert_facet (facet TEXT NOT NULL, value TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (facet, value)) STRICT, WITHOUT ROWID;

CREATE TABLE alert_tags (rule_id TEXT NOT NULL, tags TEXT NOT NULL, PRIMARY KEY (rule_id, tags)) STRICT, WITHOUT ROWID;

CREATE TABLE alert_name (field TEXT NOT NULL, value TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (field, value)) STRICT, WITHOUT ROWID;

CREATE TABLE permit (reason TEXT NOT NULL) STRICT;

CREATE INDEX ix_action_at ON action (at);

CREATE INDEX ix_action_by_at ON action ("by", at);

CREATE INDEX ix_alert_assignee ON alert (assignee, rank DESC, id DESC) WHERE is_open = 1;

CREATE INDEX ix_alert_closed ON alert (closed_at, id, severity, disposition, sub_reason, assignee, source_id, rule_id, host, username, source_ip, category, count, first_seen, last_seen, created_at, title) WHERE is_open = 0;

CREATE INDEX ix_alert_created_at ON alert (created_at DESC);

CREATE INDEX ix_alert_duplicate_of_id ON alert (duplicate_of_id) WHERE duplicate_of_id IS NOT NULL;

CREATE INDEX ix_alert_evidence_alert_id ON alert_evidence (alert_id, event_time);

CREATE INDEX ix_alert_fingerprint ON alert (fingerprint, created_at DESC);

CREATE INDEX ix_alert_group_id ON alert (group_id);

CREATE INDEX ix_alert_incident_id ON alert (incident_id);

CREATE INDEX ix_alert_open_created_at ON alert (created_at, id, status) WHERE is_open = 1;

CREATE INDEX ix_alert_open_last_seen ON alert (last_seen, id, status) WHERE is_open = 1;

CREATE INDEX ix_alert_open_rule_id ON alert (rule_id, rank DESC, id DESC) WHERE is_open = 1;

CREATE INDEX ix_alert_previous_id ON alert (previous_id) WHERE previous_id IS NOT NULL;

CREATE INDEX ix_alert_queue ON alert (rank DESC, id DESC, severity, status, assignee, source_id, rule_id, host, username, source_ip, category, count, first_seen, title) WHERE is_open = 1;

CREATE INDEX ix_alert_rule_id ON alert (rule_id, created_at DESC);

CREATE INDEX ix_alert_source ON alert (source_id, rank DESC, id DESC) WHERE is_open = 1;

CREATE INDEX ix_alert_status_created_at ON alert (status, created_at DESC, disposition, sub_reason);

CREATE INDEX ix_alert_ticket_id ON alert (ticket_id);

CREATE INDEX ix_audit_entry_action_id ON audit_entry (action_id);

CREATE INDEX ix_audit_entry_entity ON audit_entry (entity, entity_id, seq);

CREATE INDEX ix_change_at ON change (at);

CREATE INDEX ix_change_seq ON change (seq);

CREATE INDEX ix_clock_pause_ticket_id ON clock_pause (ticket_id);

CREATE INDEX ix_communication_incident_id ON communication (incident_id);

CREATE INDEX ix_context_fingerprint ON context (fingerprint, last_seen DESC);

CREATE INDEX ix_context_host ON context (host, last_seen DESC);

CREATE INDEX ix_context_last_seen ON context (last_seen);

CREATE INDEX ix_countermeasure_incident_id ON countermeasure (incident_id);

CREATE INDEX ix_custody_evidence_id ON custody (evidence_id);

CREATE INDEX ix_escalation_subject ON escalation (subject_kind, subject_id);

CREATE INDEX ix_evidence_subject ON evidence (subject_kind, subject_id, captured_at);

CREATE INDEX ix_finding_subject ON finding (subject_kind, subject_id, created_at);

CREATE INDEX ix_generation_source_id_state ON generation (source_id, state);

CREATE INDEX ix_handoff_amendment_handoff_id ON handoff_amendment (handoff_id);

CREATE UNIQUE INDEX ix_handoff_draft ON handoff (state) WHERE state = 'draft';

CREATE INDEX ix_handoff_item_handoff_id ON handoff_item (handoff_id, section, position);

CREATE INDEX ix_handoff_until ON handoff (until DESC);

CREATE INDEX ix_incident_declared_at ON incident (declared_at DESC);

CREATE INDEX ix_incident_phase_incident_id ON incident_phase (incident_id);

CREATE INDEX ix_incident_phase_severity ON incident (phase, severity);

CREATE INDEX ix_incident_role_incident_id ON incident_role (incident_id);

CREATE INDEX ix_note_subject ON note (subject_kind, subject_id, created_at);

CREATE INDEX ix_observable_link_subject ON observable_link (subject_kind, subject_id);

CREATE INDEX ix_outage_incident_id ON outage (incident_id);

CREATE INDEX ix_outage_service_id ON outage (service_id);

CREATE INDEX ix_presence_subject ON presence (subject_kind, subject_id);

CREATE INDEX ix_source_note_source_id_at ON source_note (source_id, at);

CREATE INDEX ix_suppression_until ON suppression (until);

CREATE INDEX ix_task_subject ON task (subject_kind, subject_id, position);

CREATE INDEX ix_ticket_alert_alert_id ON ticket_alert (alert_id);

CREATE INDEX ix_ticket_incident_id ON ticket (incident_id);

CREATE INDEX ix_ticket_link_other_id ON ticket_link (other_id);

CREATE INDEX ix_ticket_opened_at ON ticket (opened_at DESC);

CREATE INDEX ix_ticket_status_priority ON ticket (status, priority, id);

CREATE INDEX ix_ticket_term_ticket_id ON ticket_term (ticket_id);

CREATE INDEX ix_timeline_entry_incident_id_at ON timeline_entry (incident_id, at);

CREATE TRIGGER alert_fts_insert AFTER INSERT ON alert BEGIN INSERT INTO alert_fts (rowid, title, summary, rule_id, host, username, source_ip) VALUES (new.id, new.title, new.summary, new.rule_id, new.host, new.username, new.source_ip); END;

CREATE TRIGGER alert_fts_delete AFTER DELETE ON alert BEGIN INSERT INTO alert_fts (alert_fts, rowid, title, summary, rule_id, host, username, source_ip) VALUES ('delete', old.id, old.title, old.summary, old.rule_id, old.host, old.username, old.source_ip); END;

CREATE TRIGGER alert_fts_update AFTER UPDATE OF title, summary, rule_id, host, username, source_ip ON alert BEGIN INSERT INTO alert_fts (alert_fts, rowid, title, summary, rule_id, host, username, source_ip) VALUES ('delete', old.id, old.title, old.summary, old.rule_id, old.host, old.username, old.source_ip); INSERT INTO alert_fts (rowid, title, summary, rule_id, host, username, source_ip) VALUES (new.id, new.title, new.summary, new.rule_id, new.host, new.username, new.source_ip); END;

CREATE TRIGGER ticket_fts_insert AFTER INSERT ON ticket BEGIN INSERT INTO ticket_fts (rowid, human_id, title, description, hypothesis, unchecked, next_step, resolution) VALUES (new.id, new.human_id, new.title, new.description, new.hypothesis, new.unchecked, new.next_step, new.resolution); END;

CREATE TRIGGER ticket_fts_delete AFTER DELETE ON ticket BEGIN INSERT INTO ticket_fts (ticket_fts, rowid, human_id, title, description, hypothesis, unchecked, next_step, resolution) VALUES ('delete', old.id, old.human_id, old.title, old.description, old.hypothesis, old.unchecked, old.next_step, old.resolution); END;

CREATE TRIGGER ticket_fts_update AFTER UPDATE OF human_id, title, description, hypothesis, unchecked, next_step, resolution ON ticket BEGIN INSERT INTO ticket_fts (ticket_fts, rowid, human_id, title, description, hypothesis, unchecked, next_step, resolution) VALUES ('delete', old.id, old.human_id, old.title, old.description, old.hypothesis, old.unchecked, old.next_step, old.resolution); INSERT INTO ticket_fts (rowid, human_id, title, description, hypothesis, unchecked, next_step, resolution) VALUES (new.id, new.human_id, new.title, new.description, new.hypothesis, new.unchecked, new.next_step, new.resolution); END;

CREATE TRIGGER incident_fts_insert AFTER INSERT ON incident BEGIN INSERT INTO incident_fts (rowid, human_id, title, summary, scope, root_cause, next_step) VALUES (new.id, new.human_id, new.title, new.summary, new.scope, new.root_cause, new.next_step); END;

CREATE TRIGGER incident_fts_delete AFTER DELETE ON incident BEGIN INSERT INTO incident_fts (incident_fts, rowid, human_id, title, summary, scope, root_cause, next_step) VALUES ('delete', old.id, old.human_id, old.title, old.summary, old.scope, old.root_cause, old.next_step); END;

CREATE TRIGGER incident_fts_update AFTER UPDATE OF human_id, title, summary, scope, root_cause, next_step ON incident BEGIN INSERT INTO incident_fts (incident_fts, rowid, human_id, title, summary, scope, root_cause, next_step) VALUES ('delete', old.id, old.human_id, old.title, old.summary, old.scope, old.root_cause, old.next_step); INSERT INTO incident_fts (rowid, human_id, title, summary, scope, root_cause, next_step) VALUES (new.id, new.human_id, new.title, new.summary, new.scope, new.root_cause, new.next_step); END;

CREATE TRIGGER note_fts_insert AFTER INSERT ON note BEGIN INSERT INTO note_fts (rowid, body) VALUES (new.id, new.body); END;

CREATE TRIGGER note_fts_delete AFTER DELETE ON note BEGIN INSERT INTO note_fts (note_fts, rowid, body) VALUES ('delete', old.id, old.body); END;

CREATE TRIGGER note_fts_update AFTER UPDATE OF body ON note BEGIN INSERT INTO note_fts (note_fts, rowid, body) VALUES ('delete', old.id, old.body); INSERT INTO note_fts (rowid, body) VALUES (new.id, new.body); END;

CREATE TRIGGER finding_fts_insert AFTER INSERT ON finding BEGIN INSERT INTO finding_fts (rowid, checked, query, result) VALUES (new.id, new.checked, new.query, new.result); END;

CREATE TRIGGER finding_fts_delete AFTER DELETE ON finding BEGIN INSERT INTO finding_fts (finding_fts, rowid, checked, query, result) VALUES ('delete', old.id, old.checked, old.query, old.result); END;

CREATE TRIGGER finding_fts_update AFTER UPDATE OF checked, query, result ON finding BEGIN INSERT INTO finding_fts (finding_fts, rowid, checked, query, result) VALUES ('delete', old.id, old.checked, old.query, old.result); INSERT INTO finding_fts (rowid, checked, query, result) VALUES (new.id, new.checked, new.query, new.result); END;

CREATE TRIGGER alert_facet_insert AFTER INSERT ON alert WHEN new.is_open BEGIN INSERT INTO alert_facet VALUES ('status', CAST(coalesce(new.status, '') AS TEXT), 1) ON CONFLICT DO UPDATE SET n = n + 1; INSERT INTO alert_facet VALUES ('severity', CAST(coalesce(new.severity, '') AS TEXT), 1) ON CONFLICT DO UPDATE SET n = n + 1; INSERT INTO alert_facet VALUES ('source', CAST(coalesce(new.source_id, '') AS TEXT), 1) ON CONFLICT DO UPDATE SET n = n + 1; INSERT INTO alert_facet VALUES ('assignee', CAST(coalesce(new.assignee, '') AS TEXT), 1) ON CONFLICT DO UPDATE SET n = n + 1; INSERT INTO alert_facet VALUES ('rule', CAST(coalesce(new.rule_id, '') AS TEXT), 1) ON CONFLICT DO UPDATE SET n = n + 1; END;

CREATE TRIGGER alert_facet_delete AFTER DELETE ON alert WHEN old.is_open BEGIN INSERT INTO alert_facet VALUES ('status', CAST(coalesce(old.status, '') AS TEXT), -1) ON CONFLICT DO UPDATE SET n = n + -1; INSERT INTO alert_facet VALUES ('severity', CAST(coalesce(old.severity, '') AS TEXT), -1) ON CONFLICT DO UPDATE SET n = n + -1; INSERT INTO alert_facet VALUES ('source', CAST(coalesce(old.source_id, '') AS TEXT), -1) ON CONFLICT DO UPDATE SET n = n + -1; INSERT INTO alert_facet VALUES ('assignee', CAST(coalesce(old.assignee, '') AS TEXT), -1) ON CONFLICT DO UPDATE SET n = n + -1; INSERT INTO alert_facet VALUES ('rule', CAST(coalesce(old.rule_id, '') AS TEXT), -1) ON CONFLICT DO UPDATE SET n = n + -1; END;

CREATE TRIGGER alert_facet_status_less AFTER UPDATE OF status, is_open ON alert WHEN old.is_open AND (NOT new.is_open OR old.status IS NOT new.status) BEGIN INSERT INTO alert_facet VALUES ('status', CAST(coalesce(old.status, '') AS TEXT), -1) ON CONFLICT DO UPDATE SET n = n + -1; END;

CREATE TRIGGER alert_facet_status_more AFTER UPDATE OF status, is_open ON alert WHEN new.is_open AND (NOT old.is_open OR old.status IS NOT new.status) BEGIN INSERT INTO alert_facet VALUES ('status', CAST(coalesce(new.status, '') AS TEXT), 1) ON CONFLICT DO UPDATE SET n = n + 1; END;

CREATE TRIGGER alert_facet_severity_less AFTER UPDATE OF severity, is_open ON alert WHEN old.is_open AND (NOT new.is_open OR old.severity IS NOT new.severity) BEGIN INSERT INTO alert_facet VALUES ('severity', CAST(coalesce(old.severity, '') AS TEXT), -1) ON CONFLICT DO UPDATE SET n = n + -1; END;

CREATE TRIGGER alert_facet_severity_more AFTER UPDATE OF severity, is_open ON alert WHEN new.is_open AND (NOT old.is_open OR old.severity IS NOT new.severity) BEGIN INSERT INTO alert_facet VALUES ('severity', CAST(coalesce(new.severity, '') AS TEXT), 1) ON CONFLICT DO UPDATE SET n = n + 1; END;

CREATE TRIGGER alert_facet_source_less AFTER UPDATE OF source_id, is_open ON alert WHEN old.is_open AND (NOT new.is_open OR old.source_id IS NOT new.source_id) BEGIN INSERT INTO alert_facet VALUES ('source', CAST(coalesce(old.source_id, '') AS TEXT), -1) ON CONFLICT DO UPDATE SET n = n + -1; END;

CREATE TRIGGER alert_facet_source_more AFTER UPDATE OF source_id, is_open ON alert WHEN new.is_open AND (NOT old.is_open OR old.source_id IS NOT new.source_id) BEGIN INSERT INTO alert_facet VALUES ('source', CAST(coalesce(new.source_id, '') AS TEXT), 1) ON CONFLICT DO UPDATE SET n = n + 1; END;

CREATE TRIGGER alert_facet_assignee_less AFTER UPDATE OF assignee, is_open ON alert WHEN old.is_open AND (NOT new.is_open OR old.assignee IS NOT new.assignee) BEGIN INSERT INTO alert_facet VALUES ('assignee', CAST(coalesce(old.assignee, '') AS TEXT), -1) ON CONFLICT DO UPDATE SET n = n + -1; END;

CREATE TRIGGER alert_facet_assignee_more AFTER UPDATE OF assignee, is_open ON alert WHEN new.is_open AND (NOT old.is_open OR old.assignee IS NOT new.assignee) BEGIN INSERT INTO alert_facet VALUES ('assignee', CAST(coalesce(new.assignee, '') AS TEXT), 1) ON CONFLICT DO UPDATE SET n = n + 1; END;

CREATE TRIGGER alert_facet_rule_less AFTER UPDATE OF rule_id, is_open ON alert WHEN old.is_open AND (NOT new.is_open OR old.rule_id IS NOT new.rule_id) BEGIN INSERT INTO alert_facet VALUES ('rule', CAST(coalesce(old.rule_id, '') AS TEXT), -1) ON CONFLICT DO UPDATE SET n = n + -1; END;

CREATE TRIGGER alert_facet_rule_more AFTER UPDATE OF rule_id, is_open ON alert WHEN new.is_open AND (NOT old.is_open OR old.rule_id IS NOT new.rule_id) BEGIN INSERT INTO alert_facet VALUES ('rule', CAST(coalesce(new.rule_id, '') AS TEXT), 1) ON CONFLICT DO UPDATE SET n = n + 1; END;

CREATE TRIGGER alert_tags_insert AFTER INSERT ON alert BEGIN INSERT OR IGNORE INTO alert_tags VALUES (new.rule_id, new.tags); END;

CREATE TRIGGER alert_tags_update AFTER UPDATE OF tags, rule_id ON alert BEGIN INSERT OR IGNORE INTO alert_tags VALUES (new.rule_id, new.tags); END;

CREATE TRIGGER alert_name_insert AFTER INSERT ON alert BEGIN INSERT INTO alert_name VALUES ('host', CAST(coalesce(new.host, '') AS TEXT), 1) ON CONFLICT DO UPDATE SET n = n + 1; INSERT INTO alert_name VALUES ('username', CAST(coalesce(new.username, '') AS TEXT), 1) ON CONFLICT DO UPDATE SET n = n + 1; INSERT INTO alert_name VALUES ('source_ip', CAST(coalesce(new.source_ip, '') AS TEXT), 1) ON CONFLICT DO UPDATE SET n = n + 1; END;

CREATE TRIGGER alert_name_delete AFTER DELETE ON alert BEGIN INSERT INTO alert_name VALUES ('host', CAST(coalesce(old.host, '') AS TEXT), -1) ON CONFLICT DO UPDATE SET n = n + -1; DELETE FROM alert_name WHERE field = 'host' AND value = coalesce(old.host, '') AND n <= 0; INSERT INTO alert_name VALUES ('username', CAST(coalesce(old.username, '') AS TEXT), -1) ON CONFLICT DO UPDATE SET n = n + -1; DELETE FROM alert_name WHERE field = 'username' AND value = coalesce(old.username, '') AND n <= 0; INSERT INTO alert_name VALUES ('source_ip', CAST(coalesce(old.source_ip, '') AS TEXT), -1) ON CONFLICT DO UPDATE SET n = n + -1; DELETE FROM alert_name WHERE field = 'source_ip' AND value = coalesce(old.source_ip, '') AND n <= 0; END;

CREATE TRIGGER alert_name_host AFTER UPDATE OF host ON alert WHEN old.host IS NOT new.host BEGIN INSERT INTO alert_name VALUES ('host', CAST(coalesce(old.host, '') AS TEXT), -1) ON CONFLICT DO UPDATE SET n = n + -1; DELETE FROM alert_name WHERE field = 'host' AND value = coalesce(old.host, '') AND n <= 0; INSERT INTO alert_name VALUES ('host', CAST(coalesce(new.host, '') AS TEXT), 1) ON CONFLICT DO UPDATE SET n = n + 1; END;

CREATE TRIGGER alert_name_username AFTER UPDATE OF username ON alert WHEN old.username IS NOT new.username BEGIN INSERT INTO alert_name VALUES ('username', CAST(coalesce(old.username, '') AS TEXT), -1) ON CONFLICT DO UPDATE SET n = n + -1; DELETE FROM alert_name WHERE field = 'username' AND value = coalesce(old.username, '') AND n <= 0; INSERT INTO alert_name VALUES ('username', CAST(coalesce(new.username, '') AS TEXT), 1) ON CONFLICT DO UPDATE SET n = n + 1; END;

CREATE TRIGGER alert_name_source_ip AFTER UPDATE OF source_ip ON alert WHEN old.source_ip IS NOT new.source_ip BEGIN INSERT INTO alert_name VALUES ('source_ip', CAST(coalesce(old.source_ip, '') AS TEXT), -1) ON CONFLICT DO UPDATE SET n = n + -1; DELETE FROM alert_name WHERE field = 'source_ip' AND value = coalesce(old.source_ip, '') AND n <= 0; INSERT INTO alert_name VALUES ('source_ip', CAST(coalesce(new.source_ip, '') AS TEXT), 1) ON CONFLICT DO UPDATE SET n = n + 1; END;

CREATE TRIGGER audit_entry_no_update BEFORE UPDATE ON audit_entry BEGIN SELECT raise(ABORT, 'the audit only grows'); END;

CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry BEGIN SELECT raise(ABORT, 'the audit only grows'); END;

CREATE TRIGGER audit_anchor_no_update BEFORE UPDATE ON audit_anchor BEGIN SELECT raise(ABORT, 'the audit only grows'); END;

CREATE TRIGGER audit_anchor_no_delete BEFORE DELETE ON audit_anchor BEGIN SELECT raise(ABORT, 'the audit only grows'); END;

CREATE TRIGGER audit_payload_no_update BEFORE UPDATE ON audit_payload BEGIN SELECT raise(ABORT, 'the audit only grows'); END;

CREATE TRIGGER audit_payload_no_delete BEFORE DELETE ON audit_payload WHEN NOT EXISTS (SELECT 1 FROM permit WHERE reason = 'erasure') BEGIN SELECT raise(ABORT, 'the audit only grows'); END;

CREATE TRIGGER audit_entry_chain BEFORE INSERT ON audit_entry WHEN new.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM audit_entry) OR new.previous <> coalesce((SELECT hash FROM audit_entry ORDER BY seq DESC LIMIT 1), zeroblob(32)) BEGIN SELECT raise(ABORT, 'the audit chain has moved'); END;

CREATE TRIGGER note_no_update BEFORE UPDATE ON note WHEN 1 AND NOT EXISTS (SELECT 1 FROM permit) BEGIN SELECT raise(ABORT, 'note: what is on record stays as it was written'); END;

CREATE TRIGGER finding_no_update BEFORE UPDATE ON finding WHEN 1 AND NOT EXISTS (SELECT 1 FROM permit) BEGIN SELECT raise(ABORT, 'finding: what is on record stays as it was written'); END;

CREATE TRIGGER evidence_no_update BEFORE UPDATE ON evidence WHEN 1 AND NOT EXISTS (SELECT 1 FROM permit) BEGIN SELECT raise(ABORT, 'evidence: what is on record stays as it was written'); END;

CREATE TRIGGER custody_no_update BEFORE UPDATE ON custody WHEN 1 AND NOT EXISTS (SELECT 1 FROM permit) BEGIN SELECT raise(ABORT, 'custody: what is on record stays as it was written'); END;

CREATE TRIGGER communication_no_update BEFORE UPDATE ON communication WHEN 1 AND NOT EXISTS (SELECT 1 FROM permit) BEGIN SELECT raise(ABORT, 'communication: what is on record stays as it was written'); END;

CREATE TRIGGER handoff_amendment_no_update BEFORE UPDATE ON handoff_amendment WHEN 1 AND NOT EXISTS (SELECT 1 FROM permit) BEGIN SELECT raise(ABORT, 'handoff amendment: what is on record stays as it was written'); END;

CREATE TRIGGER ticket_alert_no_update BEFORE UPDATE ON ticket_alert WHEN 1 AND NOT EXISTS (SELECT 1 FROM permit) BEGIN SELECT raise(ABORT, 'ticket alert: what is on record stays as it was written'); END;

CREATE TRIGGER ticket_link_no_update BEFORE UPDATE ON ticket_link WHEN 1 AND NOT EXISTS (SELECT 1 FROM permit) BEGIN SELECT raise(ABORT, 'ticket link: what is on record stays as it was written'); END;

CREATE TRIGGER note_no_delete BEFORE DELETE ON note WHEN 1 AND NOT EXISTS (SELECT 1 FROM permit) BEGIN SELECT raise(ABORT, 'note: what is on record stays as it was written'); END;

CREATE TRIGGER finding_no_delete BEFORE DELETE ON finding WHEN 1 AND NOT EXISTS (SELECT 1 FROM permit) BEGIN SELECT raise(ABORT, 'finding: what is on record stays as it was written'); END;

CREATE TRIGGER evidence_no_delete BEFORE DELETE ON evidence WHEN 1 AND NOT EXISTS (SELECT 1 FROM permit) BEGIN SELECT raise(ABORT, 'evidence: what is on record stays as it was written'); END;

CREATE TRIGGER custody_no_delete BEFORE DELETE ON custody WHEN 1 AND NOT EXISTS (SELECT 1 FROM permit) BEGIN SELECT raise(ABORT, 'custody: what is on record stays as it was written'); END;

CREATE TRIGGER communication_no_delete BEFORE DELETE ON communication WHEN 1 AND NOT EXISTS (SELECT 1 FROM permit) BEGIN SELECT raise(ABORT, 'communication: what is on record stays as it was written'); END;

CREATE TRIGGER handoff_amendment_no_delete BEFORE DELETE ON handoff_amendment WHEN 1 AND NOT EXISTS (SELECT 1 FROM permit) BEGIN SELECT raise(ABORT, 'handoff amendment: what is on record stays as it was written'); END;

CREATE TRIGGER action_no_update BEFORE UPDATE OF "uid", "verb", "by", "at", "summary", "rows", "subject_kind", "subject_id" ON action WHEN 1 AND NOT EXISTS (SELECT 1 FROM permit) BEGIN SELECT raise(ABORT, 'action: what is on record stays as it was written'); END;

CREATE TRIGGER alert_evidence_no_update BEFORE UPDATE OF "alert_id", "source_id", "generation_id", "path", "offset", "end", "raw", "format", "fields" ON alert_evidence WHEN 1 AND NOT EXISTS (SELECT 1 FROM permit) BEGIN SELECT raise(ABORT, 'alert evidence: what is on record stays as it was written'); END;

CREATE TRIGGER handoff_no_update BEFORE UPDATE OF "audit_hash", "audit_seq", "authors", "created_at", "created_by", "paragraph", "shift", "signed_at", "signed_by", "since", "until" ON handoff WHEN old.audit_hash IS NOT NULL AND NOT EXISTS (SELECT 1 FROM permit) BEGIN SELECT raise(ABORT, 'handoff: what is on record stays as it was written'); END;

CREATE TRIGGER action_no_delete BEFORE DELETE ON action WHEN 1 AND NOT EXISTS (SELECT 1 FROM permit) BEGIN SELECT raise(ABORT, 'action: what is on record stays as it was written'); END;

CREATE TRIGGER handoff_no_delete BEFORE DELETE ON handoff WHEN old.audit_hash IS NOT NULL AND NOT EXISTS (SELECT 1 FROM permit) BEGIN SELECT raise(ABORT, 'handoff: what is on record stays as it was written'); END;

PRAGMA application_id=84721886;

PRAGMA user_version=1;
