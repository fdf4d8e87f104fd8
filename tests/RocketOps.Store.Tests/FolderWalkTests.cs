using System.Globalization;
using System.Text;
using RocketOps.Store.Contracts;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing.Logging;
using RocketOps.Testing.Rings;
using RocketOps.Testing.Time;

namespace RocketOps.Store.Tests;

/// <summary>
/// Random walks: a store runs and stops, cleanly or killed; then a part of it is removed, or replaced by an older copy of itself or by another store's. The start that
/// follows serves every message that its log holds, numbers new ones behind them, finds their keys and shows no other message; or it is refused, names the folder, and
/// has lost nothing once the folder is put right.
/// </summary>
public sealed class FolderWalkTests
{
    private const string Root = "/store";

    /// <summary>How many walks; <c>ROCKETOPS_FOLDER_WALKS</c> says otherwise.</summary>
    private static int Walks => int.TryParse(Environment.GetEnvironmentVariable("ROCKETOPS_FOLDER_WALKS"), NumberStyles.None, CultureInfo.InvariantCulture, out int walks)
        ? walks
        : Depth.Of(2_000, deep: 100_000);

    /// <summary>The first walk; <c>ROCKETOPS_FOLDER_WALK</c> names another, to look at one alone.</summary>
    private static int First => int.TryParse(Environment.GetEnvironmentVariable("ROCKETOPS_FOLDER_WALK"), NumberStyles.None, CultureInfo.InvariantCulture, out int walk) ? walk : 0;

    [Fact]
    public async Task Walk_ThroughLostOlderAndForeignFolders_LosesNothing()
    {
        MemoryFileSystem other = new();
        Walk foreign = new(new Random(-1), "other");
        await foreign.RunAsync(other);

        int refused = 0;
        int mistakes = 0;
        await Parallel.ForAsync(First, First + Walks, async (seed, _) =>
        {
            Walk walk = new(new Random(seed), "own");
            try
            {
                await walk.GoAsync(other);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Walk {seed}: {string.Join("; ", walk.Steps)}", e);
            }

            Interlocked.Add(ref refused, walk.Refused);
            Interlocked.Add(ref mistakes, walk.Mistakes);
        });

        refused.Should().BePositive();
        (mistakes - refused).Should().BeGreaterThan(refused, "most mistakes are mended");
    }

    private sealed class Walk(Random random, string name)
    {
        private static readonly string[] Topics = ["A", "B", "CC"];

        private readonly List<(MemoryFileSystem Disk, Held Held)> _copies = [];
        private readonly Dictionary<string, string> _keys = new(StringComparer.Ordinal);
        private readonly List<(string Topic, int Queue, string Body)> _sent = [];
        private Held _held = new();
        private int _next;
        private bool _hasRun;

        public List<string> Steps { get; } = [];

        public int Refused { get; private set; }

        public int Mistakes { get; private set; }

        public async Task GoAsync(MemoryFileSystem other)
        {
            MemoryFileSystem disk = await RunAsync(new MemoryFileSystem());
            for (int step = 0; step < 4; step++)
            {
                _copies.Add((disk.AfterKill(), _held.Copy()));
                disk = await RunAsync(disk);
                MemoryFileSystem before = disk.AfterKill();
                Held held = _held.Copy();
                for (int i = random.Next(1, 3); i > 0; i--)
                {
                    Mistake(disk, other);
                    Mistakes++;
                }

                try
                {
                    disk = await RunAsync(disk);
                }
                catch (StoreException e) when (e.Message.Contains(Root, StringComparison.Ordinal))
                {
                    Steps.Add($"refused: {e.Message}");
                    Refused++;
                    _held = held;
                    disk = await RunAsync(before);
                }
            }
        }

        /// <summary>Starts the store, looks for all it is to hold, has it take messages, and stops it. Returns what it leaves.</summary>
        public async Task<MemoryFileSystem> RunAsync(MemoryFileSystem disk)
        {
            using RecordingLoggerFactory log = new();
            MessageStore store = new(SmallStore.Options(Root), disk, new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddDays(20_000).AddSeconds(_next)), log, hasThreads: false);
            try
            {
                await store.StartAsync(CancellationToken.None);
            }
            catch
            {
                await store.DisposeAsync();
                throw;
            }

            Steps.Add($"started ({string.Join("; ", log.Entries.Select(static entry => entry.Text))})");
            await CheckAsync(store);
            int count = random.Next(120);
            for (int i = 0; i < count; i++)
            {
                await StepAsync(store);
            }

            store.Writer.WritePending();
            await CheckAsync(store);
            if (!_hasRun)
            {
                // It has run for a second: a store that no pass has seen yet does not know its log.
                _hasRun = true;
                store.Maintenance.Pass();
            }

            if (random.Next(2) == 0)
            {
                Steps.Add("clean stop");
                await store.DisposeAsync();
                return disk;
            }

            Steps.Add("killed");
            MemoryFileSystem killed = disk.AfterKill();
            await store.DisposeAsync();
            return killed;
        }

        private async Task StepAsync(MessageStore store)
        {
            string topic = Topics[random.Next(Topics.Length)];
            switch (random.Next(60))
            {
                case 0:
                    store.Writer.WritePending();
                    store.Maintenance.Pass();
                    break;
                case 1:
                    store.Writer.WritePending();
                    store.Maintenance.MakeDurable();
                    break;
                case 2 when random.Next(4) == 0 && store.FindTopic(Encoding.UTF8.GetBytes(topic)) is { } deleted:
                    Steps.Add($"{topic} deleted");
                    await store.DeleteTopicAsync(deleted, CancellationToken.None);
                    _held.Delete(topic);
                    break;
                default:
                    int queue = random.Next(2);
                    string body = $"{name} {_next++} {new string('x', random.Next(300))}";
                    AppendResult taken = store.Append(topic, queue, body, $"KEYS\u0001k{_next}\u0002");
                    List<(string Body, string Key)> held = _held.Of(topic, queue);
                    taken.QueueOffset.Should().Be(held.Count, "no offset is given twice, none is left out");
                    held.Add((body, $"k{_next}"));
                    _keys[body] = $"k{_next}";
                    _sent.Add((topic, queue, body));
                    break;
            }
        }

        private async Task CheckAsync(MessageStore store)
        {
            foreach (string topic in Topics)
            {
                for (int queue = 0; queue < 2; queue++)
                {
                    List<(string Body, string Key)> held = _held.Of(topic, queue);
                    QueueOffsets offsets = await store.Reader.GetOffsetsAsync(store.GetOrAddTopic(Encoding.UTF8.GetBytes(topic)), queue, CancellationToken.None);
                    offsets.Should().Be(new QueueOffsets(0, offsets.Max), $"{topic} {queue} begins at 0");
                    List<string> found = await store.ReadAllAsync(topic, queue);
                    if (held.Count == 0 && found.Count > 0 && IsOfDeletedTopic(topic, queue, found))
                    {
                        // What tells of the deletion was lost: its messages are back, no other ones.
                        held.AddRange(found.Select(body => (body, _keys[body])));
                    }

                    found.Select(static body => body.TrimEnd('x')).Should().Equal(held.Select(static message => message.Body.TrimEnd('x')), $"{topic} {queue}");
                    found.Should().Equal(held.Select(static message => message.Body));
                    if (held.Count > 0)
                    {
                        (_, string key) = held[random.Next(held.Count)];
                        IndexQueryResult keys = await store.Reader.QueryIndexAsync(store.FindTopic(Encoding.UTF8.GetBytes(topic))!, key, 10, 0, long.MaxValue, CancellationToken.None);
                        keys.Offsets.Should().ContainSingle($"{key} of {topic} {queue}, found at {string.Join(", ", keys.Offsets.Select(static offset => offset.Value))}");
                    }
                }
            }
        }

        private bool IsOfDeletedTopic(string topic, int queue, List<string> found)
        {
            HashSet<string> wanted = [.. found];
            return _held.WasDeleted(topic)
                && _sent.Where(message => message.Topic == topic && message.Queue == queue && wanted.Contains(message.Body)).Select(static message => message.Body).SequenceEqual(found);
        }

        private void Mistake(MemoryFileSystem disk, MemoryFileSystem other)
        {
            string path = Path.Combine(Root, Part(disk));
            int copy = random.Next(_copies.Count + 2);
            if (path.EndsWith("/commitlog", StringComparison.Ordinal) && copy < _copies.Count)
            {
                // What the log does not hold cannot be served; topics deleted since are still deleted, or whole.
                Steps.Add($"log of copy {copy}");
                disk.Replace(path, _copies[copy].Disk);
                _held = _copies[copy].Held.Without(_held);
                return;
            }

            if (copy < _copies.Count)
            {
                Steps.Add($"{path} of copy {copy}");
                disk.Replace(path, _copies[copy].Disk);
            }
            else if (copy == _copies.Count)
            {
                Steps.Add($"{path} of the other store");
                disk.Replace(path, other);
            }
            else
            {
                Steps.Add($"{path} removed");
                disk.Remove(path);
            }
        }

        private string Part(MemoryFileSystem disk)
        {
            List<string> queueFiles = [.. disk.Paths.Where(static path => path.StartsWith($"{Root}/consumequeue/", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
            string? file = queueFiles.Count == 0 ? null : queueFiles[random.Next(queueFiles.Count)][(Root.Length + 1)..];
            return random.Next(9) switch
            {
                0 or 1 => "consumequeue",
                2 => file ?? "consumequeue",
                3 => Path.GetDirectoryName(file) ?? "consumequeue",
                4 => Path.GetDirectoryName(Path.GetDirectoryName(file)) ?? "consumequeue",
                5 => "index",
                6 => "checkpoint",
                7 => "inventory",
                _ => random.Next(2) == 0 ? "abort" : "commitlog",
            };
        }
    }

    /// <summary>Messages that are acknowledged, by queue.</summary>
    private sealed class Held
    {
        private readonly Dictionary<(string Topic, int Queue), List<(string Body, string Key)>> _queues = [];
        private readonly HashSet<string> _deleted = [];

        public List<(string Body, string Key)> Of(string topic, int queue)
        {
            if (!_queues.TryGetValue((topic, queue), out List<(string Body, string Key)>? messages))
            {
                messages = [];
                _queues[(topic, queue)] = messages;
            }

            return messages;
        }

        public void Delete(string topic)
        {
            for (int queue = 0; queue < 2; queue++)
            {
                _queues.Remove((topic, queue));
            }

            _deleted.Add(topic);
        }

        public Held Copy()
        {
            Held copy = new();
            foreach (((string Topic, int Queue) place, List<(string Body, string Key)> messages) in _queues)
            {
                copy._queues[place] = [.. messages];
            }

            copy._deleted.UnionWith(_deleted);
            return copy;
        }

        public bool WasDeleted(string topic) => _deleted.Contains(topic);

        /// <summary>The same without the topics that were deleted since.</summary>
        public Held Without(Held later)
        {
            Held left = Copy();
            foreach (string topic in later._deleted)
            {
                left.Delete(topic);
            }

            return left;
        }
    }
}
