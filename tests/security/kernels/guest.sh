#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# In the virtual machine, started by `init`: nothing of the host's services runs, but systemd, which delegates
# control groups, and the tests as its only service.
set -u
source /out/env
exec >/out/guest.log 2>&1 </dev/null
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
# Not where tests mount something over it.
mkdir /opt/objlens && cp -r "$OBJLENS_BUILD"/{objlens,transforms} /opt/objlens
mkdir -p /etc/systemd/system
cat >/etc/systemd/system/tests.target <<'EOF'
[Unit]
DefaultDependencies=no
Requires=tests.service
EOF
cat >/etc/systemd/system/tests.service <<EOF
[Unit]
DefaultDependencies=no
SuccessAction=poweroff-force
FailureAction=poweroff-force
[Service]
Type=oneshot
TimeoutStartSec=infinity
Delegate=yes
Environment=OBJLENS_VM=yes OBJLENS_VM_DEATHS=$OBJLENS_VM_DEATHS OBJLENS_BUILD=/opt/objlens LC_ALL=C.UTF-8 HOME=/root PYTHONDONTWRITEBYTECODE=1
WorkingDirectory=$REPOSITORY
StandardOutput=append:/out/tests.log
StandardError=inherit
ExecStart=/bin/bash /out/command
EOF
sysctl -q -w kernel.printk=3
exec /lib/systemd/systemd --unit=tests.target --log-target=console --show-status=no
