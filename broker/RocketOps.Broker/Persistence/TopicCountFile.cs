using System.Buffers;
using RocketOps.Protocol.Json;
using RocketOps.Store.Files;

namespace RocketOps.Broker.Persistence;

/// <summary>
/// Numbers of messages of each topic that wait for something, in a file without an extension that Apache's broker of 5.x begins with: it
/// counts from there on. Nothing here reads it, since here the messages themselves are counted. One write at a time. Source: store.md §1.4,
/// apache/rocketmq TimerMetrics, TransactionMetrics 5.5.0.
/// </summary>
internal sealed class TopicCountFile(string path, string name, IStoreFileSystem fileSystem, TimeProvider time)
{
    private readonly JsonConfigFile _file = new(path, fileSystem);

    /// <summary>Writes the content: what tools are answered, too.</summary>
    /// <param name="output">Takes it.</param>
    /// <param name="counts">Topics without a message may be left out.</param>
    /// <param name="changes">Rises with what was counted.</param>
    public void Write(IBufferWriter<byte> output, IEnumerable<KeyValuePair<string, long>> counts, long changes)
    {
        long now = time.GetUtcNow().ToUnixTimeMilliseconds();
        FastJsonWriter json = new(output);
        json.BeginObject().Name("dataVersion").BeginObject().Field("counter", changes).Field("stateVersion", 0).Field("timestamp", now).EndObject();
        json.Name(name).BeginObject();
        foreach ((string topic, long count) in counts)
        {
            json.Name(topic).BeginObject().Field("count", count).Field("timeStamp", now).EndObject();
        }

        json.EndObject().EndObject();
    }

    /// <summary>The file, with the same; durable when it completes. Throws <see cref="StoreIOException"/> when it cannot be written.</summary>
    public Task WriteAsync(IEnumerable<KeyValuePair<string, long>> counts, long changes) => _file.WriteAsync(output => Write(output, counts, changes));
}
