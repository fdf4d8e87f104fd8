using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using RocketOps.Broker.Json;
using RocketOps.Store.Files;

namespace RocketOps.Broker.Persistence;

/// <summary>
/// One of RocketMQ's <c>config/*.json</c> files, kept by the store's rules. Writing waits for the disk, so it has a thread of its own for the moment; that is a tenth of
/// a millisecond for something that happens a few times a minute.
/// </summary>
/// <param name="path">The file.</param>
/// <param name="fileSystem">Where it is.</param>
/// <param name="isNeverMissing">Programs read it that know of no backup.</param>
internal sealed class JsonConfigFile(string path, IStoreFileSystem fileSystem, bool isNeverMissing = false)
{
    private readonly ConfigFile _file = new(fileSystem, path, isNeverMissing);

    /// <inheritdoc cref="ConfigFile.IsOfBackup"/>
    public bool IsOfBackup => _file.IsOfBackup;

    /// <summary>
    /// The content of the file, or of its backup when the file is no such JSON; null when there is neither. An unreadable pair is an error
    /// (<see cref="InvalidDataException"/>): starting empty would overwrite what somebody may still repair.
    /// </summary>
    public T? Read<T>(JsonTypeInfo<T> type)
        where T : class
    {
        T? content = null;
        JsonException? malformed = null;
        _file.Read(candidate =>
        {
            try
            {
                content = BrokerJson.Read(candidate, type);
                return true;
            }
            catch (JsonException failure)
            {
                malformed ??= failure;
                return false;
            }
        });
        return content is null && malformed is not null
            ? throw new InvalidDataException($"neither {path} nor its .bak can be read ({malformed.Message}); repair or remove them", malformed)
            : content;
    }

    /// <summary>True when the bytes occur in the file or in its backup.</summary>
    public bool Contains(ReadOnlySpan<byte> text)
    {
        byte[] wanted = text.ToArray();
        return _file.Read(content => content.AsSpan().IndexOf(wanted) >= 0) is not null;
    }

    /// <summary>
    /// Replaces the content by what <paramref name="write"/> puts out, on another thread; durable when it returns. It is never in memory as a whole: a table of a hundred thousand entries has tens of megabytes. Callers take
    /// care that only one write happens at a time.
    /// </summary>
    public Task WriteAsync(Action<IBufferWriter<byte>> write) => Task.Factory.StartNew(() => _file.Write(write), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <inheritdoc cref="WriteAsync(Action{IBufferWriter{byte}})"/>
    public Task WriteAsync(ReadOnlyMemory<byte> content) => WriteAsync(output => output.Write(content.Span));

    /// <summary>The same with an object as Java writes it to files, as it is while it is written.</summary>
    public Task WriteAsync<T>(T content, JsonTypeInfo<T> type)
        where T : class => WriteAsync(output => BrokerJson.WriteFile(output, content, type));
}
