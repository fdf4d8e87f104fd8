namespace RocketOps.Broker.Tests.Support;

/// <summary>In memory where the system has such a directory: a thousand changes are some thousand flushes, and the disk is not what is tested.</summary>
internal sealed class MemoryDirectory : IDisposable
{
    private const string SharedMemory = "/dev/shm";

    public string Path { get; } = Directory.Exists(SharedMemory)
        ? Directory.CreateDirectory(System.IO.Path.Combine(SharedMemory, $"rocketops-{Guid.NewGuid():N}")).FullName
        : Directory.CreateTempSubdirectory("rocketops-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
