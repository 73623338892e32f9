"""Windows events of the kinds rules ask for most, in the flat form, and what must come of them."""

from socconsole.core.event import EventCategory, LogSource
from socconsole.parsers.parser import Sample

_SYSMON = '"Channel":"Microsoft-Windows-Sysmon/Operational","Computer":"ws-1","UtcTime":"2026-03-01 04:12:09.557",'
_SECURITY = (
    '"Channel":"Security","Provider_Name":"Microsoft-Windows-Security-Auditing","Computer":"dc-1",'
    '"TimeCreated":"2026-03-01T04:12:09Z",'
)
_SYSTEM = '"Channel":"System","Computer":"ws-1","TimeCreated":"2026-03-01T04:12:09Z",'
_TIME = "2026-03-01T04:12:09.557Z"


def _of(category: str) -> tuple[LogSource, ...]:
    return (
        LogSource(product="windows", service="sysmon"),
        LogSource(product="windows", category=category),
    )


SAMPLES = (
    Sample(
        line='{"EventID":1,' + _SYSMON + '"Image":"C:\\\\Windows\\\\System32\\\\cmd.exe","FileVersion":"10.0","Description":'
        '"Windows Command Processor","Product":"Microsoft® Windows®","Company":"Microsoft Corporation",'
        '"OriginalFileName":"Cmd.Exe","CommandLine":"cmd /c \\"echo \\u0022x\\u0022\\"","CurrentDirectory":"C:\\\\",'
        '"User":"CORP\\\\mara","LogonId":"0x3e7","IntegrityLevel":"High","Hashes":"SHA256=AB,IMPHASH=CD",'
        '"ParentImage":"C:\\\\Program Files\\\\x.exe","ParentCommandLine":"x.exe","ParentUser":"CORP\\\\mara"}',
        fields={"OriginalFileName": "Cmd.Exe", "CommandLine": 'cmd /c "echo "x""'},
        names={"process.parent.executable": "C:\\Program Files\\x.exe", "user.name": "CORP\\mara"},
        time=_TIME,
        logsources=_of("process_creation"),
    ),
    Sample(
        line='{"EventID":3,' + _SYSMON + '"Image":"C:\\\\a.exe","User":"CORP\\\\mara","Protocol":"tcp","Initiated":"true",'
        '"SourceIsIpv6":"true","SourceIp":"2001:db8:0:0:0:0:0:7","SourceHostname":"-","SourcePort":"50112",'
        '"DestinationIsIpv6":"true","DestinationIp":"2001:db8::9","DestinationHostname":"c2.example",'
        '"DestinationPort":"443"}',
        fields={"Initiated": "true", "DestinationHostname": "c2.example"},
        names={"destination.ip": "2001:db8::9", "network.transport": "tcp"},
        logsources=_of("network_connection"),
    ),
    Sample(
        line='{"EventID":6,' + _SYSMON + '"ImageLoaded":"C:\\\\x.sys","Hashes":"MD5=AB","Signed":"false"}',
        fields={"ImageLoaded": "C:\\x.sys"},
        logsources=_of("driver_load"),
    ),
    Sample(
        line='{"EventID":7,' + _SYSMON + '"Image":"C:\\\\a.exe","ImageLoaded":"C:\\\\x.dll","Signed":"true","Signature":'
        '"Microsoft","SignatureStatus":"Valid","OriginalFileName":"x.dll","Description":"-","Product":"-","Company":"-",'
        '"Hashes":"MD5=AB","User":"CORP\\\\mara"}',
        fields={"ImageLoaded": "C:\\x.dll", "Signed": "true"},
        logsources=_of("image_load"),
    ),
    Sample(
        line='{"EventID":8,' + _SYSMON + '"SourceImage":"C:\\\\a.exe","TargetImage":"C:\\\\Windows\\\\explorer.exe",'
        '"StartAddress":"0x7","StartModule":"","StartFunction":"LoadLibraryA","SourceUser":"CORP\\\\mara"}',
        names={"process.executable": "C:\\a.exe", "user.name": "CORP\\mara"},
        logsources=_of("create_remote_thread"),
    ),
    Sample(
        line='{"EventID":10,' + _SYSMON + '"SourceImage":"C:\\\\a.exe","TargetImage":"C:\\\\Windows\\\\System32\\\\lsass.exe",'
        '"GrantedAccess":"0x1410","CallTrace":"C:\\\\Windows\\\\SYSTEM32\\\\ntdll.dll+9d|UNKNOWN(0)","SourceUser":"-"}',
        fields={"GrantedAccess": "0x1410"},
        names={"process.executable": "C:\\a.exe"},
        logsources=_of("process_access"),
    ),
    Sample(
        line='{"EventID":11,' + _SYSMON + '"Image":"C:\\\\a.exe","TargetFilename":"C:\\\\Users\\\\mära\\\\x.lnk",'
        '"CreationUtcTime":"2026-03-01 04:12:09.557","User":"CORP\\\\mara"}',
        names={"file.path": "C:\\Users\\mära\\x.lnk"},
        logsources=_of("file_event"),
    ),
    Sample(
        line='{"EventID":12,' + _SYSMON + '"EventType":"DeleteKey","Image":"C:\\\\a.exe","TargetObject":"HKLM\\\\x"}',
        fields={"TargetObject": "HKLM\\x"},
        logsources=(*_of("registry_event"), LogSource(product="windows", category="registry_delete")),
    ),
    Sample(
        line='{"EventID":12,' + _SYSMON + '"EventType":"CreateKey","Image":"C:\\\\a.exe","TargetObject":"HKLM\\\\x"}',
        logsources=_of("registry_add"),
    ),
    Sample(
        line='{"EventID":13,' + _SYSMON + '"EventType":"SetValue","Image":"C:\\\\a.exe","TargetObject":'
        '"HKU\\\\S-1-5-21\\\\Software\\\\Run\\\\x","Details":"DWORD (0x00000001)","User":"CORP\\\\mara"}',
        fields={"Details": "DWORD (0x00000001)"},
        logsources=(*_of("registry_set"), *_of("registry_event")),
    ),
    Sample(
        line='{"EventID":14,' + _SYSMON + '"EventType":"RenameKey","Image":"C:\\\\a.exe","TargetObject":"HKLM\\\\x",'
        '"NewName":"HKLM\\\\y"}',
        fields={"NewName": "HKLM\\y"},
        logsources=_of("registry_event"),
    ),
    Sample(
        line='{"EventID":15,' + _SYSMON + '"Image":"C:\\\\a.exe","TargetFilename":"C:\\\\x.iso:Zone.Identifier","Hash":'
        '"MD5=AB","Contents":"[ZoneTransfer]  ZoneId=3"}',
        fields={"Contents": "[ZoneTransfer]  ZoneId=3"},
        logsources=_of("create_stream_hash"),
    ),
    Sample(
        line='{"EventID":17,' + _SYSMON + '"EventType":"CreatePipe","PipeName":"\\\\msagent_7","Image":"C:\\\\a.exe"}',
        fields={"PipeName": "\\msagent_7"},
        logsources=_of("pipe_created"),
    ),
    Sample(
        line='{"EventID":20,' + _SYSMON + '"EventType":"WmiConsumerEvent","Operation":"Created","Name":"x","Destination":'
        '"powershell.exe"}',
        fields={"Destination": "powershell.exe"},
        logsources=_of("wmi_event"),
    ),
    Sample(
        line='{"EventID":22,' + _SYSMON + '"QueryName":"c2.example","QueryStatus":"0","QueryResults":"::ffff:192.0.2.1;",'
        '"Image":"C:\\\\a.exe"}',
        names={"dns.question.name": "c2.example", "process.executable": "C:\\a.exe"},
        logsources=_of("dns_query"),
    ),
    Sample(
        line='{"EventID":26,' + _SYSMON + '"Image":"C:\\\\a.exe","TargetFilename":"C:\\\\x.evtx","User":"CORP\\\\mara"}',
        names={"file.path": "C:\\x.evtx"},
        logsources=_of("file_delete"),
    ),
    Sample(
        line='{"EventID":4104,"Channel":"Microsoft-Windows-PowerShell/Operational","Computer":"ws-1","Level":5,'
        '"ScriptBlockText":"IEX (New-Object Net.WebClient)\\n# ünïcode","Path":"C:\\\\x.ps1"}',
        fields={"ScriptBlockText": "IEX (New-Object Net.WebClient)\n# ünïcode"},
        names={"file.path": "C:\\x.ps1"},
        logsources=(LogSource(product="windows", category="ps_script"),),
    ),
    Sample(
        line='{"EventID":4103,"Channel":"Microsoft-Windows-PowerShell/Operational","Computer":"ws-1","ContextInfo":'
        '"Host Name = ConsoleHost","Payload":"CommandInvocation(Get-Process)"}',
        logsources=(LogSource(product="windows", category="ps_module"),),
    ),
    Sample(
        line='{"Event":{"System":{"Provider":{"#attributes":{"Name":"PowerShell"}},"EventID":400,"Channel":'
        '"Windows PowerShell","Computer":"ws-1"},"EventData":{"Data":["Available","HostApplication=powershell -enc"]}}}',
        fields={"Data": ["Available", "HostApplication=powershell -enc"]},
        logsources=(LogSource(product="windows", category="ps_classic_start"),),
    ),
    Sample(
        line='{"EventID":5145,' + _SECURITY + '"SubjectUserName":"mara","IpAddress":"::1","ShareName":"\\\\\\\\*\\\\IPC$",'
        '"RelativeTargetName":"svcctl","AccessMask":"0x12019f","AccessList":"%%1538","ObjectType":"File","ObjectName":"-"}',
        fields={"ShareName": "\\\\*\\IPC$", "RelativeTargetName": "svcctl"},
        names={"source.ip": "::1", "user.name": "mara"},
        logsources=(LogSource(product="windows", service="security"),),
    ),
    Sample(
        line='{"EventID":5136,' + _SECURITY + '"SubjectUserName":"mara","ObjectClass":"user","ObjectDN":"CN=x",'
        '"AttributeLDAPDisplayName":"servicePrincipalName","AttributeValue":"x/y","OperationType":"%%14674"}',
        fields={"AttributeLDAPDisplayName": "servicePrincipalName"},
    ),
    Sample(
        line='{"EventID":4697,' + _SECURITY + '"SubjectUserName":"mara","ServiceName":"x","ServiceFileName":"cmd /c x",'
        '"ServiceStartType":"2"}',
        fields={"ServiceFileName": "cmd /c x"},
        category=EventCategory.MAINTENANCE,
    ),
    Sample(
        line='{"EventID":4698,' + _SECURITY + '"SubjectUserName":"mara","TaskName":"\\\\x","TaskContent":"<Task/>"}',
        fields={"TaskName": "\\x"},
    ),
    Sample(
        line='{"EventID":4624,' + _SECURITY + '"TargetUserName":"mara","LogonType":3,"LogonProcessName":"NtLmSsp ",'
        '"AuthenticationPackageName":"NTLM","WorkstationName":"-","IpAddress":"-","ProcessName":"-","KeyLength":0}',
        fields={"LogonProcessName": "NtLmSsp ", "LogonType": 3},
        names={"user.name": "mara"},
    ),
    Sample(
        line='{"EventID":5007,"Channel":"Microsoft-Windows-Windows Defender/Operational","Computer":"ws-1","OldValue":"x",'
        '"NewValue":"HKLM\\\\SOFTWARE\\\\Microsoft\\\\Windows Defender\\\\x = 0x1"}',
        fields={"OldValue": "x"},
        logsources=(LogSource(product="windows", service="windefend"),),
    ),
    Sample(
        line='{"EventID":1121,"Channel":"Microsoft-Windows-Windows Defender/Operational","Computer":"ws-1","Process Name":'
        '"C:\\\\a.exe","Path":"C:\\\\b.exe","SourceName":"Microsoft-Windows-Windows Defender"}',
        names={"file.path": "C:\\b.exe"},
    ),
    Sample(
        line='{"EventID":4769,' + _SECURITY + '"TargetUserName":"mara@CORP","TargetName":"x","ServiceName":"MSSQLSvc",'
        '"TicketOptions":"0x40810000","TicketEncryptionType":"0x17","IpAddress":"::ffff:192.0.2.7","Status":"0x0"}',
        fields={"TicketEncryptionType": "0x17", "Status": "0x0"},
        names={"source.ip": "::ffff:192.0.2.7", "user.name": "mara@CORP"},
    ),
    Sample(
        line='{"EventID":4657,' + _SECURITY + '"SubjectUserSid":"S-1-5-21-1","SubjectUserName":"mara","ObjectServer":'
        '"Security","ObjectName":"\\\\REGISTRY\\\\MACHINE\\\\x","ObjectValueName":"y","ProcessName":"C:\\\\a.exe",'
        '"NewValue":"1"}',
        fields={"ObjectValueName": "y", "SubjectUserSid": "S-1-5-21-1"},
        names={"process.executable": "C:\\a.exe", "user.name": "mara"},
    ),
    Sample(
        line='{"EventID":4720,' + _SECURITY + '"TargetUserName":"x","SamAccountName":"x$","SubjectUserName":"mara",'
        '"PrivilegeList":"-"}',
        fields={"SamAccountName": "x$"},
        names={"user.name": "x"},
        category=EventCategory.MAINTENANCE,
    ),
    Sample(
        line='{"EventID":5156,' + _SECURITY + '"Application":"\\\\device\\\\harddiskvolume1\\\\a.exe","Direction":"%%14593",'
        '"SourceAddress":"2001:db8::7","SourcePort":"50112","DestAddress":"192.0.2.9","DestPort":"3389","Protocol":6}',
        fields={"DestPort": "3389"},
        names={"source.ip": "2001:db8::7", "destination.ip": "192.0.2.9", "destination.port": "3389"},
    ),
    Sample(
        line='{"EventID":7045,' + _SYSTEM + '"Provider_Name":"Service Control Manager","ServiceName":"x","ImagePath":'
        '"%COMSPEC% /c echo","ServiceType":"user mode service","StartType":"demand start","AccountName":"LocalSystem"}',
        fields={"ImagePath": "%COMSPEC% /c echo"},
        category=EventCategory.MAINTENANCE,
        logsources=(LogSource(product="windows", service="system"),),
    ),
    Sample(
        line='{"EventID":7036,' + _SYSTEM + '"Provider_Name":"Service Control Manager","param1":"Windows Defender",'
        '"param2":"stopped","Level":4}',
        fields={"param2": "stopped"},
    ),
    Sample(
        line='{"Event":{"System":{"Provider":{"#attributes":{"Name":"MSSQLSERVER"}},"EventID":18456,"Level":4,"Channel":'
        '"Application","Computer":"db-1"},"EventData":{"Data":["sa","Reason: x"],"AppName":"x"}}}',
        fields={"Data": ["sa", "Reason: x"], "Provider_Name": "MSSQLSERVER"},
        logsources=(LogSource(product="windows", service="application"),),
    ),
)  # fmt: skip
