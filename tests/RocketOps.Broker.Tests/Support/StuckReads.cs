using RocketOps.Store.Files;

namespace RocketOps.Broker.Tests.Support;

/// <summary>The real file system, but from <see cref="Begin"/> on nothing of the commit log is in the kernel's memory and every read of it hangs, until <see cref="End"/> or the end of what Begin gave.</summary>
internal sealed class StuckReads() : ForwardingFileSystem(new LinuxFileSystem()), IDisposable
{
    private readonly ManualResetEventSlim _free = new(initialState: true);
    private int _waiting;

    /// <summary>Reads that hang at this moment.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>To be disposed before the broker is, also where the test fails: it waits for those that read.</summary>
    public IDisposable Begin()
    {
        _free.Reset();
        return new Spell(this);
    }

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

    private sealed class Spell(StuckReads reads) : IDisposable
    {
        public void Dispose() => reads.End();
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
