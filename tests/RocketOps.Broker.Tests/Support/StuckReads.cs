using RocketOps.Store.Files;

namespace RocketOps.Broker.Tests.Support;

/// <summary>The real file system, but while <see cref="Begin"/> holds, nothing of the commit log is in the kernel's memory and every read of it hangs until <see cref="End"/>.</summary>
internal sealed class StuckReads() : ForwardingFileSystem(new LinuxFileSystem()), IDisposable
{
    private readonly ManualResetEventSlim _free = new(initialState: true);
    private int _waiting;

    /// <summary>Reads that hang at this moment.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    public void Begin() => _free.Reset();

    public void End() => _free.Set();

    public void Dispose() => _free.Dispose();

    public override IStoreFile Open(string path, FileOpenMode mode) =>
        path.Contains("/commitlog/", StringComparison.Ordinal) ? new StuckFile(base.Open(path, mode), this) : base.Open(path, mode);

    private void Wait()
    {
        Interlocked.Increment(ref _waiting);
        _free.Wait();
        Interlocked.Decrement(ref _waiting);
    }

    private sealed class StuckFile(IStoreFile file, StuckReads reads) : ForwardingFile(file)
    {
        public override int Read(Span<byte> destination, long offset)
        {
            reads.Wait();
            return base.Read(destination, offset);
        }

        public override int TryReadCached(Span<byte> destination, long offset) => reads._free.IsSet ? base.TryReadCached(destination, offset) : -1;
    }
}
