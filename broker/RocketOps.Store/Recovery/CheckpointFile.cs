using RocketOps.Store.Files;

namespace RocketOps.Store.Recovery;

/// <summary>The checkpoint on disk. Written in place, as Java does: it fits into one page, and its fields only ever name a place to start looking from.</summary>
internal sealed class CheckpointFile : IDisposable
{
    private readonly IStoreFile _file;
    private readonly byte[] _buffer = new byte[Checkpoint.FileBytes];

    public CheckpointFile(IStoreFileSystem files, string rootDirectory)
    {
        _file = files.Open(Path.Combine(rootDirectory, "checkpoint"), FileOpenMode.OpenOrCreate);
        int length = _file.Read(_buffer, 0);
        Current = Checkpoint.Read(_buffer.AsSpan(0, length));
        if (length < Checkpoint.FileBytes)
        {
            _file.SetLength(Checkpoint.FileBytes);
        }
    }

    public Checkpoint Current { get; private set; }

    public void Write(Checkpoint checkpoint, bool durable)
    {
        checkpoint.Write(_buffer);
        _file.Write(_buffer, 0);
        if (durable)
        {
            _file.FlushData();
        }

        Current = checkpoint;
    }

    public void Dispose() => _file.Dispose();
}
