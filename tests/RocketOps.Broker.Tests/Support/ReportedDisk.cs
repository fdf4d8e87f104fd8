using RocketOps.Store.Files;

namespace RocketOps.Broker.Tests.Support;

/// <summary>The real file system, which says to be as full as a test wants it, and gives no more blocks at once than it says to have.</summary>
internal sealed class ReportedDisk() : ForwardingFileSystem(new LinuxFileSystem())
{
    public required DiskSpace Space { get; set; }

    public override DiskSpace GetDiskSpace(string path) => Space;

    public override IStoreFile Open(string path, FileOpenMode mode) => new ReportedFile(this, base.Open(path, mode));

    private sealed class ReportedFile(ReportedDisk disk, IStoreFile file) : ForwardingFile(file)
    {
        public override void Allocate(long offset, long length)
        {
            if (length > disk.Space.AvailableBytes)
            {
                throw new StoreIOException("fallocate", Path, StoreIOException.NoSpace, "No space left on device");
            }

            base.Allocate(offset, length);
        }
    }
}
