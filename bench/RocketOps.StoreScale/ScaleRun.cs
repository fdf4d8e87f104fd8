using System.Net;
using System.Text;
using RocketOps.Store;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Log;
using RocketOps.Store.Reading;

namespace RocketOps.StoreScale;

/// <summary>
/// A store with very many queues: what its number costs at start, when idle, when each is used once, and when retention looks through them. Each phase is a
/// process of its own, so that memory and descriptors are those of that phase.
/// </summary>
internal sealed class ScaleRun
{
    private const int QueuesPerTopic = 8;
    private const int BodyBytes = 1024;
    private const int WriteBatch = 64;
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(20);

    private readonly string _directory;
    private readonly int _queues;
    private readonly int _logFileBytes;
    private readonly int _rounds;
    private readonly RetentionWatch _watch = new();
    private readonly MessageHost _host = MessageHost.From(IPAddress.Loopback, 10911);
    private readonly byte[] _body = new byte[BodyBytes];

    /// <param name="directory">Root of the store; it stays from phase to phase.</param>
    /// <param name="queues">Queues, eight of each topic.</param>
    /// <param name="logFileBytes">Size of a file of the commit log; every phase of one directory needs the same.</param>
    /// <param name="rounds">Messages that the first phase writes into each queue; two, so that an index by halves has something to find.</param>
    public ScaleRun(string directory, int queues, int logFileBytes, int rounds)
    {
        _directory = directory;
        _queues = queues;
        _logFileBytes = logFileBytes;
        _rounds = rounds;
    }

    /// <summary>In the order in which they make sense.</summary>
    public static IReadOnlyList<string> Phases { get; } = ["write", "start", "idle", "read", "send", "retain", "reboot"];

    public Task RunAsync(string phase) => phase switch
    {
        "write" => WriteAsync(),
        "start" => StartOftenAsync(),
        "idle" => IdleAsync(),
        "read" => ReadAsync(),
        "send" => SendAsync(),
        "retain" => RetainAsync(),
        _ => RebootAsync(),
    };

    private async Task WriteAsync()
    {
        await using MessageStore store = await StartAsync("write", new LinuxFileSystem());
        ProcessFigures clock = ProcessFigures.Now();
        await SendAsync(store, _rounds);
        clock.Print("write", $"{_rounds} messages into each of {_queues} queues");
    }

    /// <summary>A healthy store, stopped cleanly, is started five times in one process: the first start also compiles.</summary>
    private async Task StartOftenAsync()
    {
        for (int start = 0; start < 5; start++)
        {
            await using MessageStore store = await StartAsync("start", new LinuxFileSystem());
        }
    }

    private async Task IdleAsync()
    {
        await using MessageStore store = await StartAsync("idle", new LinuxFileSystem());
        ProcessFigures clock = ProcessFigures.Now();
        await Task.Delay(IdleTime);
        clock.Print("idle", $"{IdleTime.TotalSeconds} s without work");
    }

    private async Task ReadAsync()
    {
        await using MessageStore store = await StartAsync("read", new LinuxFileSystem());
        GetResult result = new();
        for (int round = 1; round <= 2; round++)
        {
            ProcessFigures clock = ProcessFigures.Now();
            for (int queue = 0; queue < _queues; queue++)
            {
                GetStatus status = await store.Reader.GetMessagesAsync(Topic(store, queue), queue % QueuesPerTopic, 1, new GetLimits(1), null, result, CancellationToken.None);
                if (status != GetStatus.Found)
                {
                    throw new InvalidOperationException($"Queue {queue} answered {status}.");
                }
            }

            clock.Print("read", $"one message from each queue, {(round == 1 ? "first" : "second")} time");
        }

        ProcessFigures idle = ProcessFigures.Now();
        await Task.Delay(IdleTime);
        idle.Print("read", $"{IdleTime.TotalSeconds} s without work after that");
    }

    private async Task SendAsync()
    {
        await using MessageStore store = await StartAsync("send", new LinuxFileSystem());
        for (int round = 0; round < 2; round++)
        {
            ProcessFigures clock = ProcessFigures.Now();
            await SendAsync(store, rounds: 1);
            clock.Print("send", "one message into each queue");
        }

        // Idle queues give memory and descriptors back after ten passes, once a minute's flush has come.
        ProcessFigures idle = ProcessFigures.Now();
        await Task.Delay(TimeSpan.FromSeconds(80));
        idle.Print("send", "80 s without work after that");
    }

    /// <summary>All log files but the newest are made three days older, and then go ten at a time.</summary>
    private async Task RetainAsync()
    {
        DateTime age = DateTime.UtcNow.AddDays(-4);
        foreach (string file in Directory.GetFiles(Path.Combine(_directory, "commitlog")))
        {
            File.SetLastWriteTimeUtc(file, age);
        }

        await using MessageStore store = await StartAsync("retain", new LinuxFileSystem(), deleteHours: [.. Enumerable.Range(0, 24)]);
        for (int run = 1; run <= 2; run++)
        {
            ProcessFigures clock = ProcessFigures.Now();
            await _watch.WaitForRunAsync();
            clock.Print("retain", $"run {run} of retention (it begins up to 1 s after the start or the run before), the log begins at {store.GetStats().MinOffset} now");
        }
    }

    /// <summary>As after a power cut: no queue is trusted behind the last durable point, and all are looked through.</summary>
    private async Task RebootAsync()
    {
        await File.WriteAllTextAsync(Path.Combine(_directory, "abort"), "");
        await using MessageStore store = await StartAsync("reboot", new OtherBootFileSystem(new LinuxFileSystem()));
    }

    private async Task<MessageStore> StartAsync(string phase, IStoreFileSystem files, IReadOnlyList<int>? deleteHours = null)
    {
        StoreOptions options = new()
        {
            RootDirectory = _directory,
            CommitLogFileBytes = _logFileBytes,
            IndexEnabled = false,
            Tuning = new() { DiskWarningRatio = 100, DiskMaxUsedRatio = 100, DiskCleanForciblyRatio = 100, DeleteHours = deleteHours ?? [] },
            CleanIntervalMs = 1000,
        };
        ProcessFigures clock = ProcessFigures.Now();
        MessageStore store = new(options, files, TimeProvider.System, _watch);
        await store.StartAsync(CancellationToken.None);
        clock.Print(phase, $"start, {store.Topics.Count} topics");
        return store;
    }

    private async Task SendAsync(MessageStore store, int rounds)
    {
        for (int round = 0; round < rounds; round++)
        {
            for (int queue = 0; queue < _queues; queue++)
            {
                AppendStatus status = Append(store, queue);
                while (status is AppendStatus.QueueNotLoaded or AppendStatus.WouldBlock)
                {
                    if (status == AppendStatus.WouldBlock)
                    {
                        await store.Writer.WhenRoomAsync();
                    }
                    else if (await store.Writer.LoadQueueAsync(Topic(store, queue), queue % QueuesPerTopic, CancellationToken.None) is not AppendStatus.Ok and AppendStatus refused)
                    {
                        status = refused;
                        break;
                    }

                    status = Append(store, queue);
                }

                if (status != AppendStatus.Ok)
                {
                    throw new InvalidOperationException($"Append to queue {queue} answered {status}.");
                }

                if (queue % WriteBatch == 0)
                {
                    store.Writer.WritePending();
                }
            }
        }

        store.Writer.WritePending();
    }

    private AppendStatus Append(MessageStore store, int queue) => store.Writer.Append(
        new MessageToAppend
        {
            Topic = Topic(store, queue),
            QueueId = queue % QueuesPerTopic,
            Fields = new() { BornHost = _host, StoreHost = _host },
            Body = _body,
        },
        out _);

    private static StoreTopic Topic(MessageStore store, int queue) => store.GetOrAddTopic(Encoding.ASCII.GetBytes($"topic-{queue / QueuesPerTopic:D5}"));
}
