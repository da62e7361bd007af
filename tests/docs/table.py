"""Every command block (```sh) of the pages, and where it is run.

A new block belongs into this table. Where a test can run it, that test takes it from the page (``block`` of
tests/support/pages.py), so that it is the page's own text that runs.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """A command block.

    ``begins`` is how its first line begins. ``run_by`` names the tests that run it, as ``file::test``, or the script
    that CI runs. ``not_run`` says why nothing can run it here.
    """

    page: str
    begins: str
    run_by: tuple[str, ...] = ()
    not_run: str = ""


_HERE = "tests/docs/test_commands.py::"

COMMANDS = (
    Command(
        "README.md",
        "make up ",
        # make's own recipe is one line, which these call; CI runs `make demo` itself.
        ("tests/containers/test_stack.py::test_every_service_is_healthy", ".ci/run", f"{_HERE}test_the_first_commands"),
    ),
    Command("README.md", "make doctor", ("tests/cli/test_doctor.py::test_on_this_machine",)),
    Command("docs/simulate.md", "export PGSERVICEFILE=", ("tests/e2e/test_both_dags.py::test_a_change_of_ones_own",)),
    Command("docs/backup.md", "pg_restore --data-only", ("tests/backup/test_backup.py::test_one_table_by_hand",)),
    Command("docs/growing.md", "TF_VAR_worker_count=4", (f"{_HERE}test_more_workers",)),
    Command(
        "docs/growing.md",
        "export DOCKER_HOST=ssh://",
        (f"{_HERE}test_a_tunnel_has_every_port",),
        "it needs a Docker engine on another machine; its commands run on stand-ins",
    ),
    Command("docs/growing.md", "export ROLES=", ("tests/containers/long/test_elsewhere.py::databases",)),
    Command(
        "docs/growing.md",
        "base=$(sed ",
        (f"{_HERE}test_an_image_for_a_registry",),
        "it needs a registry to push to, and Debian's images; its commands run on a stand-in",
    ),
    Command(
        "docs/growing.md",
        "make cluster-render",
        (
            f"{_HERE}test_three_commands_for_a_cluster",
            "tests/kubernetes/test_command.py::test_without_helm_all_else_is_written",
        ),
        "it needs a cluster, Helm and the chart; its commands run on stand-ins, and make's own in tests/kubernetes",
    ),
    Command(
        "docs/growing.md",
        "kubectl --namespace bikes-store port-forward",
        (f"{_HERE}test_a_run_on_a_cluster",),
        "it needs a cluster; its commands run on stand-ins",
    ),
    Command("docs/lake-elsewhere.md", "weed -logtostderr", ("tests/support/elsewhere.py::lake_elsewhere",)),
    Command(
        "docs/provider-mirror.md",
        "terraform -chdir=terraform providers mirror",
        not_run="it needs Terraform's registry, which the tests do without",
    ),
    Command("docs/provider-mirror.md", "TF_VAR_extra_ca_certificates=", (f"{_HERE}test_a_proxys_certificate",)),
)
