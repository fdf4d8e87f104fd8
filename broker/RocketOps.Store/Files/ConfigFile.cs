using System.Buffers;

namespace RocketOps.Store.Files;

/// <summary>
/// A small file replaced as a whole, as RocketMQ keeps its <c>config/*.json</c> (store.md §1.5): the new content is durable in <c>X.tmp</c> before it takes the
/// place of <c>X</c>, and what was there before stays in <c>X.bak</c>. At every moment one of the two is complete. One writer at a time.
/// </summary>
public sealed class ConfigFile
{
    private readonly IStoreFileSystem _files;
    private readonly string _path;
    private readonly bool _isNeverMissing;

    /// <summary>Makes the file's face; nothing is read or written.</summary>
    /// <param name="files">Where the file is.</param>
    /// <param name="path">The file.</param>
    /// <param name="isNeverMissing">
    /// True when programs read it that know of no backup: then each write copies it into the backup, and <c>X</c> is there at every moment.
    /// </param>
    public ConfigFile(IStoreFileSystem files, string path, bool isNeverMissing = false)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(path);
        _files = files;
        _path = path;
        _isNeverMissing = isNeverMissing;
    }

    public string Path => _path;

    /// <summary>The content that was read last is the backup's, as the file is missing, empty or refused.</summary>
    public bool IsOfBackup { get; private set; }

    private string BackupPath => $"{_path}.bak";

    /// <summary>
    /// Replaces the content by what <paramref name="write"/> puts out, which goes to the disk a piece at a time; durable on return. Throws <see cref="StoreIOException"/>, or what <paramref name="write"/> throws, and leaves
    /// the old content when that fails.
    /// </summary>
    public void Write(Action<IBufferWriter<byte>> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        string directory = System.IO.Path.GetDirectoryName(_path)!;
        _files.CreateDirectory(directory);
        WriteWhole($"{_path}.tmp", write);
        if (_isNeverMissing && _files.FileExists(_path))
        {
            byte[] before = ReadWhole(_path);
            WriteWhole(BackupPath, output => output.Write(before));
        }
        else if (_files.FileExists(_path))
        {
            // Not copied: that would read and write a large file once more. A crash between the two renames leaves the backup, which is what was there before.
            _files.Rename(_path, BackupPath);
        }

        _files.Rename($"{_path}.tmp", _path);
        _files.FlushDirectory(directory);
    }

    /// <summary>The content, or the backup's when it is missing, empty or refused by <paramref name="isValid"/>; null when there is neither.</summary>
    public byte[]? Read(Func<byte[], bool> isValid)
    {
        ArgumentNullException.ThrowIfNull(isValid);
        byte[]? content = ReadIfValid(_path, isValid);
        byte[]? backup = content is null ? ReadIfValid(BackupPath, isValid) : null;
        IsOfBackup = backup is not null;
        return content ?? backup;
    }

    private byte[]? ReadIfValid(string path, Func<byte[], bool> isValid)
    {
        if (!_files.FileExists(path))
        {
            return null;
        }

        byte[] content = ReadWhole(path);
        return content.Length > 0 && isValid(content) ? content : null;
    }

    private byte[] ReadWhole(string path)
    {
        using IStoreFile file = _files.Open(path, FileOpenMode.Read);
        byte[] content = new byte[file.Length];
        int length = file.Read(content, 0);
        return length == content.Length ? content : content[..length];
    }

    private void WriteWhole(string path, Action<IBufferWriter<byte>> write)
    {
        using IStoreFile file = _files.Open(path, FileOpenMode.Truncate);
        FileOutput output = new(file);
        write(output);
        output.Flush();
        file.FlushData();
    }
}
