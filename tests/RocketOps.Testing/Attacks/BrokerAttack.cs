using System.Collections.Concurrent;
using System.Net.Sockets;
using RocketOps.Testing.Remoting;

namespace RocketOps.Testing.Attacks;

/// <summary>
/// Hostile clients of one broker, each with its own way to use up what all share: memory, a loop's time, the disk (<see cref="AttackWays"/>). One goes on until the broker ends its connection, or it has done what it
/// came for, and begins again, until the attack ends.
/// </summary>
public sealed class BrokerAttack : IAsyncDisposable
{
    /// <summary>What a broker may hold for its peers by itself (<c>maxHeldBytes</c>).</summary>
    public const long UsualHeldBytes = 256L * 1024 * 1024;

    private const int SmallMessages = 4_000;
    private const int LargeMessages = 8;

    private readonly string _broker;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, int> _rounds = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int> _bites = new(StringComparer.Ordinal);
    private Task _ways = Task.CompletedTask;

    private BrokerAttack(string broker) => _broker = broker;

    /// <summary>How often each way has begun.</summary>
    public IReadOnlyDictionary<string, int> Rounds => _rounds;

    /// <summary>
    /// How often each way saw the broker do what it is after, or refuse it. One that never did is no attack: the broker has answered something else than what was meant.
    /// </summary>
    public IReadOnlyDictionary<string, int> Bites => _bites;

    /// <summary>Stores what some ways ask for, and begins. The broker must take filters by SQL92 (<c>enablePropertyFilter</c>).</summary>
    /// <param name="broker">Its address.</param>
    /// <param name="only">Names of ways; none for all.</param>
    /// <param name="heldBytes">What the broker may hold for its peers.</param>
    /// <param name="cancellationToken">Ends the storing.</param>
    public static async Task<BrokerAttack> BeginAsync(string broker, IReadOnlyCollection<string>? only = null, long heldBytes = UsualHeldBytes, CancellationToken cancellationToken = default)
    {
        BrokerAttack attack = new(broker);
        await attack.FillAsync(cancellationToken);
        AttackWays ways = new(broker, heldBytes);
        (string Name, AttackWay Way)[] all =
        [
            ("unfinished-frame", ways.HoldAsync), ("slow-frame", ways.DripAsync), ("frames-between-limits", ways.HoldManyAsync), ("tiny-fields", ways.SendTinyFieldsAsync), ("key-queries", AttackWays.QueryAsync),
            ("filters", AttackWays.FilterAsync), ("parked-pulls", ways.ParkAsync), ("parked-tags", ways.ParkByTagAsync), ("woken-pulls", ways.WakeAsync), ("groups", AttackWays.MakeGroupsAsync), ("topics", AttackWays.MakeTopicsAsync), ("commits", AttackWays.CommitAsync), ("subscriptions", ways.SubscribeAsync),
            ("whole-tables", AttackWays.AskForTablesAsync), ("unread-answers", AttackWays.LeaveUnreadAsync), ("give-backs", ways.GiveBackAsync), ("noise", ways.MakeNoiseAsync),
        ];
        attack._ways = Task.WhenAll(all.Where(way => only is not { Count: > 0 } || only.Contains(way.Name)).Select(way => attack.RepeatAsync(way.Name, way.Way)));
        return attack;
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
        Expect(await RawBroker.CreateTopicAsync(connection, AttackWays.Topic, AttackWays.Queues, cancellationToken));
        for (int i = 0; i < SmallMessages; i++)
        {
            Expect(await RawBroker.SendAsync(connection, AttackWays.Topic, AttackWays.SmallQueue, "small"u8.ToArray(), "a\u00011", cancellationToken));
        }

        byte[] large = new byte[AttackWays.LargeBytes];
        for (int i = 0; i < LargeMessages; i++)
        {
            Expect(await RawBroker.SendAsync(connection, AttackWays.Topic, AttackWays.LargeQueue, large, $"KEYS\u0001{AttackWays.Key}", cancellationToken));
        }

        static void Expect(RawFrame answer)
        {
            if (answer.Code != RawBroker.Success)
            {
                throw new InvalidOperationException($"code {answer.Code}: {answer.Remark}");
            }
        }
    }

    private async Task RepeatAsync(string name, AttackWay way)
    {
        _bites[name] = 0;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                _rounds.AddOrUpdate(name, 1, static (_, rounds) => rounds + 1);
                await using RawConnection connection = await RawConnection.ConnectAsync(_broker, _stop.Token);
                await way(connection, () => _bites.AddOrUpdate(name, 1, static (_, bites) => bites + 1), _stop.Token);
            }
            catch (Exception ended) when (ended is IOException or SocketException)
            {
                // As it should be.
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }

            await Task.Delay(AttackWays.Pause);
        }
    }
}
