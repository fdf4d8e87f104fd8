using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Kubernetes.Events;

/// <summary>
/// Sends events in the background. The first is created, the same again turns it into a series, later ones are counted and written now and then. Many similar
/// ones that differ in their notes only are combined (<see cref="SimilarEvents"/>).
/// Best effort: on overflow and after failures events are dropped, and the log says so.
/// </summary>
public sealed partial class EventRecorder : IEventRecorder
{
    private const int MaxNoteBytes = 1024;
    private const int MaxWordLength = 128;
    private static readonly TimeSpan SweepEvery = TimeSpan.FromMinutes(1);

    private readonly IKubernetesClient _client;
    private readonly EventRecorderOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Channel<(EventKey Key, Event Event)> _queue;
    private readonly Dictionary<EventKey, Series> _series = [];
    private readonly SimilarEvents _similar;
    private long _lastTicks;

    public EventRecorder(IKubernetesClient client, EventRecorderOptions options, TimeProvider? time = null, ILogger<EventRecorder>? logger = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(options);
        _client = client;
        _options = options;
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger<EventRecorder>.Instance;
        _similar = new SimilarEvents(_time, options.MaxSeries);
        _queue = Channel.CreateBounded<(EventKey, Event)>(
            new BoundedChannelOptions(options.QueueLength) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true });
    }

    public void Record(IKubernetesObject regarding, EventType type, string reason, string action, string note, IKubernetesObject? related = null)
    {
        ArgumentNullException.ThrowIfNull(regarding);
        ArgumentException.ThrowIfNullOrEmpty(reason);
        ArgumentException.ThrowIfNullOrEmpty(action);
        DateTimeOffset now = _time.GetUtcNow();
        reason = CutWord(reason);
        action = CutWord(action);
        note = CutBytes(note, MaxNoteBytes);
        EventKey key = new(type, action, reason, note, regarding.Uid(), regarding.Kind, regarding.Key(), related?.Uid());
        Event item = new()
        {
            Metadata = new ObjectMeta
            {
                // Unique and sortable, as client-go names them; a name may not be longer than 253.
                Name = $"{Cut(regarding.Name(), 230)}.{UniqueTicks(now).ToString("x16", CultureInfo.InvariantCulture)}",
                Namespace = regarding.Namespace() ?? "default",
            },
            EventTime = now,
            ReportingController = _options.ReportingController,
            ReportingInstance = CutWord(_options.ReportingInstance),
            Type = type == EventType.Normal ? "Normal" : "Warning",
            Reason = reason,
            Action = action,
            Note = note,
            Regarding = regarding.AsReference(),
            Related = related?.AsReference(),
        };
        if (!_queue.Writer.TryWrite((key, item)))
        {
            LogDropped(_logger, reason, regarding.Kind, regarding.Key().ToString(), _options.QueueLength);
        }
    }

    /// <summary>Sends until cancelled. What is queued then, and counts not written yet, are lost.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        long sweptAt = _time.GetTimestamp();
        try
        {
            while (true)
            {
                using CancellationTokenSource tick = new(SweepEvery, _time);
                using CancellationTokenSource linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, tick.Token);
                try
                {
                    if (!await _queue.Reader.WaitToReadAsync(linked.Token))
                    {
                        return;
                    }
                }
                catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
                {
                    // Time to sweep.
                }

                while (_queue.Reader.TryRead(out (EventKey Key, Event Event) item))
                {
                    await SendAsync(item.Key, item.Event, cancellationToken);
                }

                if (_time.GetElapsedTime(sweptAt) >= SweepEvery)
                {
                    sweptAt = _time.GetTimestamp();
                    await SweepAsync(cancellationToken);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The host stops; what is queued is best effort.
        }
    }

    /// <summary>Two events of one tick are two events.</summary>
    private long UniqueTicks(DateTimeOffset now)
    {
        while (true)
        {
            long last = Volatile.Read(ref _lastTicks);
            long next = Math.Max(last + 1, now.UtcTicks);
            if (Interlocked.CompareExchange(ref _lastTicks, next, last) == last)
            {
                return next;
            }
        }
    }

    private async Task SendAsync(EventKey given, Event item, CancellationToken cancellationToken)
    {
        EventKey key = _similar.Place(given);
        if (key != given)
        {
            item.Note = CutBytes(SimilarEvents.CombinedPrefix + item.Note, MaxNoteBytes);
        }

        if (_series.TryGetValue(key, out Series? series) && _time.GetElapsedTime(series.LastSeenAt) < _options.SeriesSilence)
        {
            series.Count++;
            series.LastSeen = item.EventTime;
            series.LastSeenAt = _time.GetTimestamp();
            if (series.Count > 2 && _time.GetElapsedTime(series.WrittenAt) < _options.SeriesHeartbeat)
            {
                return;
            }

            if (await WriteSeriesAsync(series, cancellationToken))
            {
                return;
            }
        }

        if (await TryAsync(() => _client.CreateAsync(item, cancellationToken: cancellationToken), item.Reason, cancellationToken) && _series.Count < _options.MaxSeries)
        {
            long now = _time.GetTimestamp();
            _series[key] = new Series(item.Metadata.Name!, item.Metadata.Namespace!) { LastSeen = item.EventTime, LastSeenAt = now, WrittenAt = now };
        }
    }

    private async Task SweepAsync(CancellationToken cancellationToken)
    {
        foreach ((EventKey? key, Series? series) in _series.Where(p => _time.GetElapsedTime(p.Value.LastSeenAt) >= _options.SeriesSilence).ToList())
        {
            if (series.Count > series.WrittenCount)
            {
                await WriteSeriesAsync(series, cancellationToken);
            }

            _series.Remove(key);
        }

        _similar.Sweep();
    }

    /// <returns>False when the event is gone (they live an hour): a new one begins.</returns>
    private async Task<bool> WriteSeriesAsync(Series series, CancellationToken cancellationToken)
    {
        JsonObject patch = new()
        {
            ["series"] = new JsonObject
            {
                ["count"] = series.Count,
                ["lastObservedTime"] = series.LastSeen!.Value.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture),
            },
        };
        try
        {
            await _client.PatchAsync<Event>(series.Name, series.Namespace, KubernetesPatch.Merge(patch), cancellationToken: cancellationToken);
            series.WrittenAt = _time.GetTimestamp();
            series.WrittenCount = series.Count;
            return true;
        }
        catch (KubernetesException e) when (e.IsNotFound)
        {
            return false;
        }
        catch (Exception e) when (IsFailure(e, cancellationToken))
        {
            LogFailed(_logger, series.Name, e.Message);
            return true;
        }
    }

    private async Task<bool> TryAsync(Func<Task> send, string? reason, CancellationToken cancellationToken)
    {
        try
        {
            await send();
            return true;
        }
        catch (Exception e) when (IsFailure(e, cancellationToken))
        {
            LogFailed(_logger, reason ?? "", e.Message);
            return false;
        }
    }

    private static bool IsFailure(Exception e, CancellationToken cancellationToken) =>
        !cancellationToken.IsCancellationRequested && e is KubernetesException or HttpRequestException or IOException or TimeoutException or InvalidDataException;

    private static string CutWord(string text) => Cut(text, MaxWordLength);

    private static string Cut(string text, int length) => text.Length <= length ? text : text[..length];

    /// <summary>Cut between characters, not within one.</summary>
    private static string CutBytes(string text, int maxBytes)
    {
        if (Encoding.UTF8.GetByteCount(text) <= maxBytes)
        {
            return text;
        }

        StringBuilder builder = new();
        int bytes = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > maxBytes)
            {
                break;
            }

            builder.Append(rune);
        }

        return builder.ToString();
    }

    private sealed class Series(string name, string @namespace)
    {
        public string Name { get; } = name;

        public string Namespace { get; } = @namespace;

        public int Count { get; set; } = 1;

        public int WrittenCount { get; set; } = 1;

        public DateTimeOffset? LastSeen { get; set; }

        public long LastSeenAt { get; set; }

        public long WrittenAt { get; set; }
    }

    [LoggerMessage(EventId = 40, Level = LogLevel.Warning, Message = "Event {Reason} about {Kind} {Key} dropped: {Limit} are waiting")]
    private static partial void LogDropped(ILogger logger, string reason, string kind, string key, int limit);

    [LoggerMessage(EventId = 41, Level = LogLevel.Debug, Message = "Event {Name} could not be sent: {Error}")]
    private static partial void LogFailed(ILogger logger, string name, string error);
}

public sealed record EventRecorderOptions
{
    /// <summary>Name of the program that reports, as <c>rocketops.io/operator</c>.</summary>
    public required string ReportingController { get; init; }

    /// <summary>Process of the program that reports; the pod's name.</summary>
    public string ReportingInstance { get; init; } = Environment.MachineName;

    /// <summary>Events waiting to be sent. Beyond it they are dropped and counted: a broken API server must not fill the memory. Matches client-go.</summary>
    public int QueueLength { get; init; } = 1000;

    /// <summary>Series remembered; more distinct events than this within the silence limit are sent singly.</summary>
    public int MaxSeries { get; init; } = 4096;

    /// <summary>Interval at which the count of a going series is written.</summary>
    public TimeSpan SeriesHeartbeat { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>A series that was silent for this long is over.</summary>
    public TimeSpan SeriesSilence { get; init; } = TimeSpan.FromMinutes(6);
}
