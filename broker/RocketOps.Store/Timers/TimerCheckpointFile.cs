using RocketOps.Store.Files;

namespace RocketOps.Store.Timers;

/// <summary><c>config/timercheck</c>: one <see cref="TimerCheckpoint"/>, written in place. One write at a time; every call waits for the disk.</summary>
public sealed class TimerCheckpointFile
{
    private readonly IStoreFileSystem _files;
    private readonly string _root;
    private readonly string _directory;
    private readonly string _path;

    public TimerCheckpointFile(IStoreFileSystem files, string root)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(root);
        _files = files;
        _root = root;
        _directory = Path.Combine(root, "config");
        _path = Path.Combine(_directory, "timercheck");
    }

    public bool Exists => _files.FileExists(_path);

    /// <summary>Reads the checkpoint; null when there is no file, or the file is no checkpoint.</summary>
    public TimerCheckpoint? Read()
    {
        if (!Exists)
        {
            return null;
        }

        using IStoreFile file = _files.Open(_path, FileOpenMode.Read);
        byte[] content = new byte[TimerCheckpoint.UsedBytes];
        return TimerCheckpoint.Read(content.AsSpan(0, file.Read(content, 0)));
    }

    /// <summary>Durable when it returns. Throws <see cref="StoreIOException"/>.</summary>
    public void Write(TimerCheckpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        bool isNew = !Exists;
        _files.CreateDirectory(_directory);
        using IStoreFile file = _files.Open(_path, FileOpenMode.OpenOrCreate);
        if (file.Length < TimerCheckpoint.FileBytes)
        {
            file.SetLength(TimerCheckpoint.FileBytes);
        }

        // Within one sector, which a disk writes whole or not at all.
        Span<byte> bytes = stackalloc byte[TimerCheckpoint.UsedBytes];
        checkpoint.Write(bytes);
        file.Write(bytes, 0);
        file.FlushData();
        if (isNew)
        {
            _files.FlushDirectory(_directory);
            _files.FlushDirectory(_root);
        }
    }
}
