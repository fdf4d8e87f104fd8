using RocketOps.Store.Files;

namespace RocketOps.Broker.Tests.Support;

/// <summary>The real file system, but while <see cref="Begin"/> holds, nothing of the commit log is in the kernel's memory and every read of it hangs until <see cref="End"/>.</summary>
internal sealed class StuckReads() : ForwardingFileSystem(new LinuxFileSystem()), IDisposable
{
    private readonly ManualResetEventSlim _free = new(initialState: true);

    public void Begin() => _free.Reset();

    public void End() => _free.Set();

    public void Dispose() => _free.Dispose();

    public override IStoreFile Open(string path, FileOpenMode mode) =>
        path.Contains("/commitlog/", StringComparison.Ordinal) ? new StuckFile(base.Open(path, mode), _free) : base.Open(path, mode);

    private sealed class StuckFile(IStoreFile file, ManualResetEventSlim free) : ForwardingFile(file)
    {
        public override int Read(Span<byte> destination, long offset)
        {
            free.Wait();
            return base.Read(destination, offset);
        }

        public override int TryReadCached(Span<byte> destination, long offset) => free.IsSet ? base.TryReadCached(destination, offset) : -1;
    }
}
