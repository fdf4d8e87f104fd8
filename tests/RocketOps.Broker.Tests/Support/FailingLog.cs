using RocketOps.Store.Files;

namespace RocketOps.Broker.Tests.Support;

/// <summary>The real file system, but from <see cref="Begin"/> on nothing of the commit log can be made durable.</summary>
internal sealed class FailingLog() : ForwardingFileSystem(new LinuxFileSystem())
{
    private volatile bool _fails;

    public void Begin() => _fails = true;

    public override IStoreFile Open(string path, FileOpenMode mode) =>
        path.Contains("/commitlog/", StringComparison.Ordinal) ? new FailingFile(base.Open(path, mode), this, path) : base.Open(path, mode);

    private sealed class FailingFile(IStoreFile file, FailingLog log, string path) : ForwardingFile(file)
    {
        public override void FlushData()
        {
            if (log._fails)
            {
                throw new StoreIOException("fdatasync", path, StoreIOException.InputOutput, "Input/output error");
            }

            base.FlushData();
        }
    }
}
