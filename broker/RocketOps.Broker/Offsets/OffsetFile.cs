using System.Buffers;
using System.Text.Json.Serialization.Metadata;
using RocketOps.Broker.Persistence;
using RocketOps.Protocol.Bodies;
using RocketOps.Store.Files;

namespace RocketOps.Broker.Offsets;

/// <summary>
/// The file of a table that changes with every message: changes are only counted, and when somebody asks for it the table is written if there were any, with a new
/// version. What changed after the last write is lost by a kill.
/// </summary>
internal sealed class OffsetFile
{
    private readonly Func<DataVersion, Action<IBufferWriter<byte>>> _take;
    private readonly Func<Task>? _beforeWrite;
    private readonly TimeProvider _time;
    private readonly JsonConfigFile _file;
    private readonly CoalescingWriter _writer;
    private DataVersion _version;
    private long _changes;
    private long _written;

    /// <param name="path">The file.</param>
    /// <param name="take">Takes the table's content as it is now, and gives what writes it as the file holds it.</param>
    /// <param name="fileSystem">Where the file is.</param>
    /// <param name="time">Clock for the version.</param>
    /// <param name="beforeWrite">Awaited between taking the content and writing it: what the content speaks of must be on the disk first. When it fails, nothing is written.</param>
    public OffsetFile(string path, Func<DataVersion, Action<IBufferWriter<byte>>> take, IStoreFileSystem fileSystem, TimeProvider time, Func<Task>? beforeWrite = null)
    {
        _take = take;
        _beforeWrite = beforeWrite;
        _time = time;
        _file = new JsonConfigFile(path, fileSystem);
        _writer = new CoalescingWriter(WriteAsync);
        _version = new DataVersion { Timestamp = time.GetUtcNow().ToUnixTimeMilliseconds() };
    }

    /// <inheritdoc cref="JsonConfigFile.IsOfBackup"/>
    public bool IsOfBackup => _file.IsOfBackup;

    /// <inheritdoc cref="JsonConfigFile.Read"/>
    public T? Read<T>(JsonTypeInfo<T> type)
        where T : class => _file.Read(type);

    public void CountChange() => Interlocked.Increment(ref _changes);

    /// <summary>Version of the last write.</summary>
    public DataVersion Version => Volatile.Read(ref _version);

    /// <summary>Writes the table as the file would hold it now, with the version of the last write.</summary>
    public void WriteTo(IBufferWriter<byte> output) => Take()(output);

    /// <summary>Writes the file if something has changed since the last write.</summary>
    public Task PersistAsync() => Volatile.Read(ref _changes) == Volatile.Read(ref _written) ? Task.CompletedTask : _writer.WriteAsync();

    private async Task WriteAsync()
    {
        long changes = Volatile.Read(ref _changes);
        Volatile.Write(ref _version, _version.Next(_time));
        Action<IBufferWriter<byte>> content = Take();
        if (_beforeWrite is not null)
        {
            await _beforeWrite();
        }

        await _file.WriteAsync(content);
        Volatile.Write(ref _written, changes);
    }

    private Action<IBufferWriter<byte>> Take() => _take(Volatile.Read(ref _version));
}
