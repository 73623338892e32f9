"""Shell completion: a script that the shell reads."""

import sys
from typing import Literal


def completion(shell: Literal["bash", "zsh", "fish"], /) -> int:
    """Print the completion script of a shell.

    bash: `source <(socconsole completion bash)` in `~/.bashrc`; zsh: save it as `_socconsole` in a
    folder of `$fpath`; fish: save it as `~/.config/fish/completions/socconsole.fish`.

    Args:
        shell: bash, zsh or fish.

    """
    from socconsole.cli import build_app

    script = build_app().generate_completion(shell=shell)
    sys.stdout.write(script if script.endswith("\n") else f"{script}\n")
    return 0
