using RocketOps.Store.Files;

namespace RocketOps.Testing.Disks;

/// <summary>A disk whose writes and flushes of the commit log can be held up, or looked at, while everything else goes on.</summary>
public sealed class GatedFileSystem(IStoreFileSystem inner) : ForwardingFileSystem(inner)
{
    /// <summary>Called before each write of the commit log, on the writing thread.</summary>
    public Action? BeforeWrite { get; set; }

    /// <summary>Called before each flush of the commit log, on the flushing thread.</summary>
    public Action? BeforeFlush { get; set; }

    public override IStoreFile Open(string path, FileOpenMode mode)
    {
        IStoreFile file = base.Open(path, mode);
        return path.Contains("commitlog", StringComparison.Ordinal) ? new GatedFile(this, file) : file;
    }

    private sealed class GatedFile(GatedFileSystem disk, IStoreFile file) : ForwardingFile(file)
    {
        public override void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            disk.BeforeWrite?.Invoke();
            base.Write(bytes, offset);
        }

        public override void Write(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, long offset)
        {
            disk.BeforeWrite?.Invoke();
            base.Write(first, second, offset);
        }

        public override void FlushData()
        {
            disk.BeforeFlush?.Invoke();
            base.FlushData();
        }
    }
}
