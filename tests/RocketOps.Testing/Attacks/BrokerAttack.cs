using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using RocketOps.Testing.Remoting;

namespace RocketOps.Testing.Attacks;

/// <summary>
/// Ten hostile clients of one broker, each with its own way to use up what all share: memory, a loop's time, the disk. One goes on until the broker ends its connection, or it has done what it came for,
/// and begins again, until the attack ends.
/// </summary>
public sealed class BrokerAttack : IAsyncDisposable
{
    /// <summary>The topic that it fills; one queue each for small messages and large ones.</summary>
    public const string Topic = "Attacked";

    private const int SmallQueue = 0;
    private const int LargeQueue = 1;
    private const int SmallMessages = 4_000;
    private const int LargeMessages = 8;
    private const int LargeBytes = 1_000_000;
    private const string Key = "attacked";

    // The largest frame that a broker takes by default (com.rocketmq.remoting.frameMaxLength).
    private const int FrameBytes = 16 * 1024 * 1024;

    private const int PullMessage = 11;
    private const int QueryMessage = 12;
    private const int HeartBeat = 34;
    private const int Suspends = 1 << 1;
    private const int HasSubscription = 1 << 2;

    // Between two beginnings: an attack that ends at once is not to be one of connecting.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly string _broker;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, int> _rounds = new(StringComparer.Ordinal);
    private readonly byte[] _tinyFields = TinyFields();
    private Task _ways = Task.CompletedTask;

    private BrokerAttack(string broker) => _broker = broker;

    /// <summary>How often each way has begun.</summary>
    public IReadOnlyDictionary<string, int> Rounds => _rounds;

    /// <summary>Stores what some ways ask for, and begins. The broker must take filters by SQL92 (<c>enablePropertyFilter</c>).</summary>
    /// <param name="broker">Its address.</param>
    /// <param name="only">Names of ways; none for all.</param>
    /// <param name="cancellationToken">Ends the storing.</param>
    public static async Task<BrokerAttack> BeginAsync(string broker, IReadOnlyCollection<string>? only = null, CancellationToken cancellationToken = default)
    {
        BrokerAttack attack = new(broker);
        await attack.FillAsync(cancellationToken);
        (string Name, Func<RawConnection, CancellationToken, Task> Way)[] ways =
        [
            ("unfinished-frame", HoldAsync), ("slow-frame", DripAsync), ("tiny-fields", BloatAsync), ("key-queries", QueryAsync), ("filters", FilterAsync),
            ("parked-pulls", ParkAsync), ("woken-pulls", attack.WakeAsync), ("groups", GroupsAsync), ("unread-answers", LeaveUnreadAsync), ("noise", attack.MakeNoiseAsync),
        ];
        attack._ways = Task.WhenAll(ways.Where(way => only is not { Count: > 0 } || only.Contains(way.Name)).Select(way => attack.RepeatAsync(way.Name, way.Way)));
        return attack;

        Task BloatAsync(RawConnection connection, CancellationToken token) => attack.SendTinyFieldsAsync(connection, token);
    }

    /// <summary>Ends it; throws what no broker may have caused.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _ways;
        _stop.Dispose();
    }

    private async Task FillAsync(CancellationToken cancellationToken)
    {
        await using RawConnection connection = await RawConnection.ConnectAsync(_broker, cancellationToken);
        Expect(await RawBroker.CreateTopicAsync(connection, Topic, queues: 2, cancellationToken));
        for (int i = 0; i < SmallMessages; i++)
        {
            Expect(await RawBroker.SendAsync(connection, Topic, SmallQueue, "small"u8.ToArray(), "a\u00011", cancellationToken));
        }

        byte[] large = new byte[LargeBytes];
        for (int i = 0; i < LargeMessages; i++)
        {
            Expect(await RawBroker.SendAsync(connection, Topic, LargeQueue, large, $"KEYS\u0001{Key}", cancellationToken));
        }

        static void Expect(RawFrame answer)
        {
            if (answer.Code != RawBroker.Success)
            {
                throw new InvalidOperationException($"code {answer.Code}: {answer.Remark}");
            }
        }
    }

    private async Task RepeatAsync(string name, Func<RawConnection, CancellationToken, Task> way)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                _rounds.AddOrUpdate(name, 1, static (_, rounds) => rounds + 1);
                await using RawConnection connection = await RawConnection.ConnectAsync(_broker, _stop.Token);
                await way(connection, _stop.Token);
            }
            catch (Exception ended) when (ended is IOException or SocketException)
            {
                // As it should be.
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }

            await Task.Delay(Pause);
        }
    }

    /// <summary>All of a large frame but its last byte, held for as long as the broker lets it.</summary>
    private static async Task HoldAsync(RawConnection connection, CancellationToken cancellationToken)
    {
        byte[] frame = RawFrame.Encode("{"u8, new byte[FrameBytes - 1024]);
        await connection.SendAsync(frame.AsMemory(0, frame.Length - 1), cancellationToken);
        await DrainAsync(connection, cancellationToken);
    }

    /// <summary>A large frame, byte by byte.</summary>
    private static async Task DripAsync(RawConnection connection, CancellationToken cancellationToken)
    {
        byte[] frame = RawFrame.Encode("{"u8, new byte[FrameBytes - 1024]);
        for (int i = 0; i < frame.Length; i++)
        {
            await connection.SendAsync(frame.AsMemory(i, 1), cancellationToken);
            await Task.Delay(Pause, cancellationToken);
        }
    }

    /// <summary>A request whose header is as long as a frame may be, of very many fields.</summary>
    private async Task SendTinyFieldsAsync(RawConnection connection, CancellationToken cancellationToken)
    {
        await connection.SendAsync(_tinyFields, cancellationToken);
        await DrainAsync(connection, cancellationToken, answers: 1);
    }

    /// <summary>Very many questions for large messages at once, whose answers nobody takes.</summary>
    private static async Task QueryAsync(RawConnection connection, CancellationToken cancellationToken)
    {
        Dictionary<string, string> fields = new(StringComparer.Ordinal)
        {
            ["topic"] = Topic,
            ["key"] = Key,
            ["maxNum"] = "64",
            ["beginTimestamp"] = "0",
            ["endTimestamp"] = "9223372036854775807",
        };
        await SendManyAsync(connection, 1_000, _ => RawFrame.Request(QueryMessage, 1, fields), cancellationToken);
        await Task.Delay(Patience, cancellationToken);
    }

    /// <summary>Filters that match nothing, over all there is.</summary>
    private static async Task FilterAsync(RawConnection connection, CancellationToken cancellationToken)
    {
        for (int i = 0; i < 10; i++)
        {
            const int AtOnce = 100;
            await SendManyAsync(connection, AtOnce, _ => Pull(SmallQueue, 0, "a > 5 AND b LIKE '%never%' OR a IS NULL", "SQL92", HasSubscription), cancellationToken);
            await DrainAsync(connection, cancellationToken, AtOnce);
        }
    }

    /// <summary>Very many pulls that wait, for a tag that never comes.</summary>
    private static async Task ParkAsync(RawConnection connection, CancellationToken cancellationToken)
    {
        await SendManyAsync(connection, 20_000, number => Pull(SmallQueue, SmallMessages, "never", "TAG", Suspends | HasSubscription, number), cancellationToken);
        await Task.Delay(Patience, cancellationToken);
    }

    /// <summary>Many pulls that wait for one large message, which then comes; nobody takes their answers.</summary>
    private async Task WakeAsync(RawConnection connection, CancellationToken cancellationToken)
    {
        await using RawConnection other = await RawConnection.ConnectAsync(_broker, cancellationToken);
        RawFrame end = await other.RequestAsync(30, new Dictionary<string, string>(StringComparer.Ordinal) { ["topic"] = Topic, ["queueId"] = Text(LargeQueue) }, cancellationToken: cancellationToken);
        long offset = long.Parse(end.ExtFields.GetValueOrDefault("offset", "0"), CultureInfo.InvariantCulture);
        await SendManyAsync(connection, 200, number => Pull(LargeQueue, offset, "*", "TAG", Suspends | HasSubscription, number), cancellationToken);
        await Task.Delay(Pause, cancellationToken);
        await RawBroker.SendAsync(other, Topic, LargeQueue, new byte[LargeBytes], cancellationToken);
        await Task.Delay(Patience, cancellationToken);
    }

    /// <summary>New groups by pulls and heartbeats, for as long as there are names.</summary>
    private static async Task GroupsAsync(RawConnection connection, CancellationToken cancellationToken)
    {
        for (int round = 0; round < 20; round++)
        {
            const int AtOnce = 50;
            await SendManyAsync(connection, AtOnce, _ => Pull(SmallQueue, 0, "*", "TAG", HasSubscription, group: $"attack-{Guid.NewGuid():N}"), cancellationToken);
            await DrainAsync(connection, cancellationToken, AtOnce);
            string groups = string.Join(',', Enumerable.Range(0, 500).Select(static _ => $$"""{"groupName":"attack-{{Guid.NewGuid():N}}"}"""));
            RawFrame heartbeat = RawFrame.Request(HeartBeat, 1, body: Encoding.UTF8.GetBytes($$"""{"clientID":"attack","consumerDataSet":[],"producerDataSet":[{{groups}}]}"""));
            await SendManyAsync(connection, 1, _ => heartbeat, cancellationToken);
            await DrainAsync(connection, cancellationToken, 1);
        }
    }

    /// <summary>Pages of large messages that nobody takes.</summary>
    private static async Task LeaveUnreadAsync(RawConnection connection, CancellationToken cancellationToken)
    {
        await SendManyAsync(connection, 300, number => Pull(LargeQueue, 0, "*", "TAG", HasSubscription, number), cancellationToken);
        await Task.Delay(Patience, cancellationToken);
    }

    /// <summary>Bytes that are no frames, lengths that cannot be, and connections that are no use.</summary>
    private async Task MakeNoiseAsync(RawConnection connection, CancellationToken cancellationToken)
    {
        byte[] noise = new byte[64 * 1024];
        Random.Shared.NextBytes(noise);
        await connection.SendAsync(noise, cancellationToken);
        foreach (byte[] length in new byte[][] { [0xff, 0xff, 0xff, 0xff], [0x7f, 0xff, 0xff, 0xff], [0, 0, 0, 0], [0, 0, 0, 8, 0, 0xff, 0xff, 0xff, 0, 0, 0, 0] })
        {
            await using RawConnection other = await RawConnection.ConnectAsync(_broker, cancellationToken);
            await other.SendAsync(length, cancellationToken);
        }

        await DrainAsync(connection, cancellationToken);
    }

    private static async Task SendManyAsync(RawConnection connection, int count, Func<int, RawFrame> make, CancellationToken cancellationToken)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);

        // A broker that does not read on is as it should be: no more is sent then.
        either.CancelAfter(Patience);
        using MemoryStream frames = new();
        for (int i = 0; i < count; i++)
        {
            frames.Write((make(i) with { Opaque = i + 1 }).Encode());
        }

        try
        {
            await connection.SendAsync(frames.GetBuffer().AsMemory(0, (int)frames.Length), either.Token);
        }
        catch (OperationCanceledException waited) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException("The broker reads no more.", waited);
        }
    }

    /// <summary>Takes as many answers, or all until the broker ends the connection.</summary>
    private static async Task DrainAsync(RawConnection connection, CancellationToken cancellationToken, int answers = int.MaxValue)
    {
        for (int i = 0; i < answers && await connection.ReceiveAsync(cancellationToken) is not null; i++)
        {
        }
    }

    private static RawFrame Pull(int queue, long offset, string expression, string type, int flags, int number = 0, string group = "attack") => RawFrame.Request(
        PullMessage,
        number,
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["consumerGroup"] = group,
            ["topic"] = Topic,
            ["queueId"] = Text(queue),
            ["queueOffset"] = Text(offset),
            ["maxMsgNums"] = Text(int.MaxValue),
            ["sysFlag"] = Text(flags),
            ["commitOffset"] = "0",
            ["suspendTimeoutMillis"] = "15000",
            ["subscription"] = expression,
            ["subVersion"] = "0",
            ["expressionType"] = type,
        });

    private static byte[] TinyFields()
    {
        StringBuilder header = new($$"""{"code":{{QueryMessage}},"language":"JAVA","version":395,"opaque":1,"flag":0,"serializeTypeCurrentRPC":"JSON","extFields":{"topic":"{{Topic}}" """);
        for (int i = 0; header.Length < FrameBytes - 1024; i++)
        {
            header.Append(CultureInfo.InvariantCulture, $",\"{i:x}\":\"\"");
        }

        return RawFrame.Encode(Encoding.ASCII.GetBytes(header.Append("}}").ToString()), []);
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
