using RocketOps.Store.Files;

namespace RocketOps.Broker.Persistence;

/// <summary>
/// One of RocketMQ's <c>config/*.json</c> files, kept by the store's rules. Writing waits for the disk, so it has a thread of its own for the moment; that is a tenth of
/// a millisecond for something that happens a few times a minute.
/// </summary>
internal sealed class ConfigFile(string path, IStoreFileSystem fileSystem)
{
    private readonly Store.Config.ConfigFile _file = new(fileSystem, path);

    /// <summary>
    /// The content of the file, or of its backup when <paramref name="isValid"/> refuses it; null when there is neither. An unreadable pair is an error: starting
    /// empty would overwrite what somebody may still repair.
    /// </summary>
    public byte[]? Read(Func<byte[], bool> isValid)
    {
        bool refused = false;
        byte[]? content = _file.Read(candidate =>
        {
            bool valid = isValid(candidate);
            refused |= !valid;
            return valid;
        });
        return content is null && refused ? throw new InvalidDataException($"neither {path} nor its .bak can be read; repair or remove them") : content;
    }

    /// <summary>Replaces the content; durable when it returns. Callers take care that only one write happens at a time.</summary>
    public Task WriteAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        Task.Factory.StartNew(() => _file.Write(content.Span), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
