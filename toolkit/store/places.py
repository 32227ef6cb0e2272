"""Where a store can live: not on a network file system, not in a folder that is synced.

SQLite's locks do not hold over a network, and a syncing program copies the database and its log
at different moments: both lose committed jobs without a word.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path, PurePath

from toolkit.errors import UnreadablePath, UnsuitableFile

__all__ = ["claim_folder", "network_of", "refuse_unsuitable", "synced_by"]

_NETWORK = frozenset(
    (
        *("nfs", "nfs3", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afs", "afpfs", "ncpfs"),
        *("9p", "ceph", "glusterfs", "lustre", "gpfs", "beegfs", "ocfs2", "orangefs", "pvfs2"),
        *("webdav", "davfs", "davfs2", "vboxsf", "prl_fs"),
    )
)
_NETWORK_FUSE = frozenset(
    (
        *("sshfs", "s3fs", "goofys", "gcsfuse", "blobfuse", "blobfuse2", "rclone", "davfs"),
        *("davfs2", "glusterfs", "ceph", "cephfs", "juicefs", "mountpoint-s3", "geesefs"),
        *("google-drive-ocamlfuse", "onedriver", "gvfsd-fuse", "smbnetfs", "curlftpfs"),
    )
)
# A folder's own name, or one that begins like "OneDrive - Company".
_SYNCED = {
    "OneDrive": re.compile(r"onedrive( - .*| \(.*\)|-.*)?", re.IGNORECASE),
    "Dropbox": re.compile(r"dropbox( \(.*\))?", re.IGNORECASE),
    "Google Drive": re.compile(r"google ?drive( \(.*\)|-.*)?|drivefs", re.IGNORECASE),
    "iCloud": re.compile(r"icloud ?drive|mobile documents|com~apple~clouddocs", re.IGNORECASE),
    # As Box writes it: a folder of one's own that is called "box" is nobody's.
    "Box": re.compile(r"Box( Sync)?|Box-Box"),
}
_WAY_OUT = (
    "keep the database in a local folder, such as ~/pagequeue, and export the results from there"
)
_OWNER = "store.id"


def refuse_unsuitable(path: Path) -> None:
    """Raise UnsuitableFile where the file at *path* would not be safe, saying where it would."""
    # Both the way written and the place it leads to: a link may point into a synced folder.
    for place in {path, path.resolve()}:
        product = synced_by(place)
        if product:
            raise UnsuitableFile(
                f"{path} is in a folder that {product} syncs, which damages a live database;"
                f" {_WAY_OUT}"
            )
    network = network_of(path.resolve(), _mounts())
    if network:
        raise UnsuitableFile(
            f"{path} is on a network file system ({network}), where SQLite's locks do not hold;"
            f" {_WAY_OUT}"
        )


def synced_by(path: PurePath) -> str | None:
    """The product that syncs the folder *path* is in, as far as the folders' names tell.

    >>> synced_by(PurePath("/Users/ann/Library/CloudStorage/GoogleDrive-ann@x.org/My Drive/q.db"))
    'Google Drive'
    """
    for folder in path.parts[:-1]:
        for product, name in _SYNCED.items():
            if name.fullmatch(folder):
                return product
    return None


def network_of(path: PurePath, mountinfo: str) -> str | None:
    """The type of the network file system that holds *path*, or None for a local one.

    *path* is absolute and resolved; *mountinfo* is the text of ``/proc/self/mountinfo``. A path
    of the form ``//server/share`` is a network path on every system.
    """
    if str(path).startswith(("\\\\", "//")):
        return "a UNC share"
    best, found = -1, None
    for line in mountinfo.splitlines():
        fields, _, rest = line.partition(" - ")
        point = PurePath(_unescaped(fields.split(" ")[4])) if fields.count(" ") >= 4 else None
        # The longest mount point that holds the path; of equal ones the last hides the others.
        if point is not None and rest and path.is_relative_to(point) and len(point.parts) >= best:
            best, found = len(point.parts), rest.split(" ")[0]
    return found if found is not None and _is_network(found) else None


def claim_folder(files: Path, identity: str) -> None:
    """Make the folder of blobs *files*, and mark it as belonging to the store *identity*.

    Raises UnsuitableFile where it belongs to another one: two databases whose names differ only
    in their ending would sweep each other's files away.
    """
    try:
        files.mkdir(exist_ok=True)
        mark = files / _OWNER
        if not mark.exists():
            mark.write_text(identity, encoding="ascii")
        owner = mark.read_text(encoding="ascii").strip()
    except OSError as exc:
        raise UnreadablePath(f"{files}: {exc}") from exc
    if owner and owner != identity:
        raise UnsuitableFile(
            f"{files} holds the files of another database; give this one a name of its own"
        )


def _is_network(kind: str) -> bool:
    return kind in _NETWORK or (
        kind.startswith("fuse.") and kind.removeprefix("fuse.") in _NETWORK_FUSE
    )


def _unescaped(text: str) -> str:
    """*text* with mountinfo's octal escapes (a space is ``\\040``) undone."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)


def _mounts() -> str:
    if not sys.platform.startswith("linux"):
        return ""
    try:
        return Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""
