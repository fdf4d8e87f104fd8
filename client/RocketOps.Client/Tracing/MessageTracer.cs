using System.Text;
using System.Threading.Channels;
using RocketOps.Client.Connections;
using RocketOps.Client.Diagnostics;
using RocketOps.Client.Producing.Sending;

namespace RocketOps.Client.Tracing;

/// <summary>
/// Sends what happens to messages to the trace topic, where Apache's tools look for it. Nobody waits for it: entries that find no room are dropped and counted, and one that cannot be sent is lost and
/// logged. Matches AsyncTraceDispatcher: 2048 entries wait, 20 travel together, after 5 s at the latest, in at most 128 000 bytes. Thread-safe. Source: admin.md §8.
/// </summary>
internal sealed class MessageTracer
{
    private const int MaxWaiting = 2048;
    private const int MaxEntries = 20;
    private const int MaxBytes = 128_000;

    /// <summary>Keys are properties, of which a message can have 32 767 bytes.</summary>
    private const int MaxKeyChars = 8 * 1024;

    private static readonly TimeSpan FlushInterval = TimeSpan.FromSeconds(5);

    /// <summary>Time limit for sending entries, unless the user is more patient with other requests.</summary>
    private static readonly TimeSpan SendTimeout = TimeSpan.FromSeconds(5);

    private readonly ClientInstance _client;
    private readonly ClientOptions _options;
    private readonly ProducerOptions _sendOptions;
    private readonly MessageSender _sender;
    private readonly UniqueKeys _ids;
    private readonly Channel<TraceEntry> _waiting = Channel.CreateBounded<TraceEntry>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lazy<Task> _worker;
    private long _dropped;

    /// <param name="client">Whose connections are used.</param>
    /// <param name="options">The user's.</param>
    /// <param name="group">Group of the traced producer or consumer.</param>
    /// <param name="kind">PRODUCE or CONSUME.</param>
    public MessageTracer(ClientInstance client, ClientOptions options, string group, string kind)
    {
        _client = client;
        _options = options;
        _sendOptions = new ProducerOptions
        {
            Group = $"_INNER_TRACE_PRODUCER-{group}-{kind}-0",
            SendTimeout = options.RequestTimeout > SendTimeout ? options.RequestTimeout : SendTimeout,
            TimeProvider = options.TimeProvider,
        };
        _sender = new MessageSender(client, _sendOptions, typeof(MessageTracer));
        _ids = new UniqueKeys(options.TimeProvider, client.Address);
        _worker = new Lazy<Task>(() => Task.Run(WorkAsync));
    }

    /// <summary>Milliseconds since the epoch.</summary>
    public long NowMs => _options.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Makes the id that a handler's two entries have in common.</summary>
    public string NextRequestId() => _ids.Next();

    /// <summary>True when something may be said of messages of this topic: not of the trace itself.</summary>
    public bool Traces(string topic) => !topic.StartsWith(_options.TraceTopic, StringComparison.Ordinal);

    /// <summary>Takes an entry, or drops it. Never waits and never throws.</summary>
    public void Add(TraceEntry entry)
    {
        _ = _worker.Value;
        if (!_waiting.Writer.TryWrite(entry) && Interlocked.Increment(ref _dropped) == 1)
        {
            ClientLog.TraceDropped(_client.Logger, _options.TraceTopic, MaxWaiting);
        }
    }

    /// <summary>Sends what waits, for as long as a request may take. Never throws.</summary>
    public async Task StopAsync()
    {
        _waiting.Writer.TryComplete();
        if (_worker.IsValueCreated)
        {
            try
            {
                await _worker.Value.WaitAsync(_options.RequestTimeout, _options.TimeProvider).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                await _stopping.CancelAsync().ConfigureAwait(false);
                await _worker.Value.ConfigureAwait(false);
            }
        }

        _sender.Close();
    }

    private async Task WorkAsync()
    {
        try
        {
            List<TraceEntry> batch = [];
            while (await _waiting.Reader.WaitToReadAsync(_stopping.Token).ConfigureAwait(false))
            {
                await CollectAsync(batch).ConfigureAwait(false);
                while (batch.Count > 0)
                {
                    await SendAsync(batch).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            ClientLog.TraceLost(_client.Logger, _options.TraceTopic, "the client closes and no broker took it in time");
        }
    }

    // Up to as many as travel together, those that come within the interval included.
    private async Task CollectAsync(List<TraceEntry> batch)
    {
        long begin = _options.TimeProvider.GetTimestamp();
        while (true)
        {
            while (batch.Count < MaxEntries && _waiting.Reader.TryRead(out TraceEntry? entry))
            {
                batch.Add(entry);
            }

            TimeSpan left = FlushInterval - _options.TimeProvider.GetElapsedTime(begin);
            if (batch.Count == MaxEntries || left <= TimeSpan.Zero)
            {
                return;
            }

            try
            {
                if (!await _waiting.Reader.WaitToReadAsync(_stopping.Token).AsTask().WaitAsync(left, _options.TimeProvider, _stopping.Token).ConfigureAwait(false))
                {
                    return;
                }
            }
            catch (TimeoutException)
            {
                return;
            }
        }
    }

    // As many of them as fit.
    private async Task SendAsync(List<TraceEntry> batch)
    {
        StringBuilder text = new();
        HashSet<string> keys = new(StringComparer.Ordinal);
        int keyChars = 0;
        int taken = 0;
        foreach (TraceEntry entry in batch)
        {
            int before = text.Length;
            entry.WriteTo(text);
            int added = entry.MessageId.Length + 1 + (entry.Keys?.Length + 1 ?? 0);
            if (taken > 0 && (Encoding.UTF8.GetMaxByteCount(text.Length) > MaxBytes || keyChars + added > MaxKeyChars))
            {
                text.Length = before;
                break;
            }

            keys.Add(entry.MessageId);
            if (entry.Keys is { } own && keyChars + added <= MaxKeyChars)
            {
                keys.Add(own);
            }

            keyChars += added;
            taken++;
        }

        batch.RemoveRange(0, taken);
        try
        {
            Message message = new(_options.TraceTopic, text.ToString(), tag: null, keys);
            await _sender.SendToAnyAsync(OutgoingMessage.Create(message, _sendOptions, _ids, span: null), begin: null, _stopping.Token).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is RocketMqException or ArgumentException or ObjectDisposedException)
        {
            ClientLog.TraceLost(_client.Logger, _options.TraceTopic, failure.Message);
        }

        if (Interlocked.Exchange(ref _dropped, 0) is > 0 and long dropped)
        {
            ClientLog.TraceDroppedMany(_client.Logger, dropped, _options.TraceTopic);
        }
    }
}
