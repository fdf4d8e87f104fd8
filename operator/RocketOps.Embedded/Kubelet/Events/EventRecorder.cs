using System.Globalization;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using RocketOps.Embedded.Kubelet.Objects;

namespace RocketOps.Embedded.Kubelet.Events;

/// <summary>
/// Writes core/v1 Events, what <c>kubectl describe</c> shows. Repetitions raise the count of the first. Recording never
/// waits: when the queue is full the event is dropped with a log line, events are a courtesy.
/// </summary>
internal sealed partial class EventRecorder(ClusterClient client, string component, string host, TimeProvider time, ILogger logger)
{
    private const int MaxQueued = 1000;
    private const int MaxRemembered = 1000;

    private readonly Channel<PendingEvent> _queue = Channel.CreateBounded<PendingEvent>(
        new BoundedChannelOptions(MaxQueued) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true },
        dropped => LogDropped(logger, dropped.Reason, dropped.Subject.Key));

    // Written by the one loop only.
    private readonly Dictionary<(string Uid, string Reason, string Message), (string Name, int Count)> _known = [];

    public void Normal(ResourceKind kind, KubeObject subject, string reason, string message) =>
        _queue.Writer.TryWrite(new PendingEvent(kind, subject, "Normal", reason, message, time.GetUtcNow()));

    public void Warning(ResourceKind kind, KubeObject subject, string reason, string message) =>
        _queue.Writer.TryWrite(new PendingEvent(kind, subject, "Warning", reason, message, time.GetUtcNow()));

    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            await foreach (PendingEvent pending in _queue.Reader.ReadAllAsync(cancellation))
            {
                try
                {
                    await WriteAsync(pending, cancellation);
                }
                catch (Exception failure) when (failure is ClusterApiException or HttpRequestException or IOException or TimeoutException)
                {
                    LogNotWritten(logger, failure, pending.Reason, pending.Subject.Key);
                }
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    private async Task WriteAsync(PendingEvent pending, CancellationToken cancellation)
    {
        (string Uid, string Reason, string Message) key = (pending.Subject.Uid, pending.Reason, pending.Message);
        string at = pending.At.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        string ns = pending.Subject.Namespace.Length == 0 ? "default" : pending.Subject.Namespace;
        if (_known.TryGetValue(key, out (string Name, int Count) known))
        {
            try
            {
                int count = known.Count + 1;
                await client.PatchAsync(
                    ResourceKind.Event, ns, known.Name, null, new JsonObject { ["count"] = count, ["lastTimestamp"] = at }, cancellation);
                _known[key] = (known.Name, count);
                return;
            }
            catch (ClusterApiException gone) when (gone.IsNotFound)
            {
                _known.Remove(key);
            }
        }

        if (_known.Count >= MaxRemembered)
        {
            _known.Clear();
        }

        string name = $"{pending.Subject.Name}.{pending.At.UtcTicks:x}";
        await client.CreateAsync(
            ResourceKind.Event,
            ns,
            new JsonObject
            {
                ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = ns },
                ["involvedObject"] = new JsonObject
                {
                    ["apiVersion"] = pending.Kind.ApiVersion,
                    ["kind"] = pending.Kind.Kind,
                    ["namespace"] = pending.Subject.Namespace,
                    ["name"] = pending.Subject.Name,
                    ["uid"] = pending.Subject.Uid,
                    ["resourceVersion"] = pending.Subject.ResourceVersion,
                },
                ["type"] = pending.Type,
                ["reason"] = pending.Reason,
                ["message"] = pending.Message,
                ["source"] = new JsonObject { ["component"] = component, ["host"] = host },
                ["reportingComponent"] = component,
                ["reportingInstance"] = host,
                ["firstTimestamp"] = at,
                ["lastTimestamp"] = at,
                ["count"] = 1,
            },
            cancellation);
        _known[key] = (name, 1);
    }

    [LoggerMessage(EventId = 7030, Level = LogLevel.Warning, Message = "Event {Reason} of {Subject} was dropped: too many are waiting.")]
    private static partial void LogDropped(ILogger logger, string reason, string subject);

    [LoggerMessage(EventId = 7031, Level = LogLevel.Warning, Message = "Event {Reason} of {Subject} could not be written.")]
    private static partial void LogNotWritten(ILogger logger, Exception failure, string reason, string subject);
}
