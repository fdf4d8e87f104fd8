using RocketOps.Store.Files;

namespace RocketOps.Broker.Tests.Support;

/// <summary>The real file system, which says to be as full as a test wants it.</summary>
internal sealed class ReportedDisk() : ForwardingFileSystem(new LinuxFileSystem())
{
    public required DiskSpace Space { get; set; }

    public override DiskSpace GetDiskSpace(string path) => Space;
}
