# SPDX-License-Identifier: MIT
"""A plugin of pytest for suites that run on several workers (pytest-xdist), as tests/run.sh runs them:

    PYTHONPATH=tests/lib python3 -m pytest -p side_by_side -n 2 tests/integration

Who gets which tests, and that none is lost: a worker that dies is a failure of the test that it was at, which is not
run again; when a worker dies elsewhere, or a test that was collected has no result, the run ends with
pytest.ExitCode.INTERNAL_ERROR, whatever its report says."""
import pytest
from xdist.scheduler import LoadScopeScheduling

# Tests of several files that share what takes long to start, and which one worker should therefore have.
TOGETHER = {"test_remote_origin.py": "ceph", "test_remote_lists.py": "ceph"}


class WholeFiles(LoadScopeScheduling):
    """What serves all tests of a file (fixtures of modules) is started once."""

    def _split_scope(self, nodeid):
        file = nodeid.split("::")[0]
        return TOGETHER.get(file.rpartition("/")[2], file)

    def remove_node(self, node):
        """The original gives the test that killed its worker to the next worker, and units that are done, too."""
        units = self.assigned_work.pop(node)
        killer = next((test for unit in units.values() for test, done in unit.items() if not done), None)
        for scope, unit in units.items():
            if killer in unit:
                unit[killer] = True
            if not all(unit.values()):
                self.workqueue[scope] = unit
        for other in self.nodes:
            self._reschedule(other)
        return killer


class Ledger:
    """What was collected, and what has a result."""

    def __init__(self):
        self.collected, self.reported, self.died = set(), set(), []

    def pytest_collection_finish(self, session):
        self.collected.update(item.nodeid for item in session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids):
        self.collected.update(ids)

    def pytest_runtest_logreport(self, report):
        self.reported.add(report.nodeid)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node, error):
        if error:
            self.died.append(f"{node.gateway.id}: {error}")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session):
        if self.died or self.collected - self.reported:
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR

    def pytest_terminal_summary(self, terminalreporter):
        for death in self.died:
            terminalreporter.write_line(f"a worker died: {death}")
        for test in sorted(self.collected - self.reported):
            terminalreporter.write_line(f"without a result: {test}")


def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Ledger())


def pytest_xdist_make_scheduler(config, log):
    return WholeFiles(config, log)
