using RocketOps.Client;
using RocketOps.Faults.Tests.Histories;
using RocketOps.Faults.Tests.Loads;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Servers;

namespace RocketOps.Faults.Tests.Replication;

/// <summary>
/// A consumer group of this library at a group of brokers that elects its master: two members that share the queues and commit to whoever leads. Over any number of failovers it gets every acknowledged
/// message, some perhaps again, and its offset is never ahead of what it has handled.
/// </summary>
internal sealed class ElectedGroup : IAsyncDisposable
{
    private const int Members = 2;

    private static readonly GroupOfHistory Group = new("elected", ElectedRun.Topic);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly ElectedBrokers _brokers;
    private readonly ReceiptLog _receipts = new();
    private readonly List<CommittedOffset> _offsets = [];
    private readonly List<RocketMqPushConsumer> _members = [];

    private ElectedGroup(ElectedBrokers brokers) => _brokers = brokers;

    /// <summary>Messages that it has handled so far.</summary>
    public int Handled => _receipts.Count;

    public static async Task<ElectedGroup> StartAsync(ElectedBrokers brokers)
    {
        ElectedGroup group = new(brokers);
        for (int member = 0; member < Members; member++)
        {
            await group.JoinAsync(member);
        }

        return group;
    }

    /// <summary>Notes how far the master says that the group is.</summary>
    public Task NoteOffsetsAsync() => Eventually.TrueAsync(
        async () =>
        {
            try
            {
                await using RawConnection master = await RawConnection.ConnectAsync(_brokers.AddressOf(await _brokers.MasterAsync()));
                GroupOffsets offsets = new(master, Group);
                for (int queue = 0; queue < ElectedRun.Queues; queue++)
                {
                    _offsets.Add(new CommittedOffset(Group.Name, queue, await offsets.CommittedAsync(queue) ?? 0, Kills: 0, _receipts.Last));
                }

                return true;
            }
            catch (Exception gone) when (LostConnection.Is(gone))
            {
                return false;
            }
        },
        "the master says how far the group is",
        Patience);

    /// <summary>What is wrong, after the last fault and the last send: the group has everything then, and has left.</summary>
    public async Task<IReadOnlyList<string>> ViolationsAsync(IReadOnlyCollection<Attempt> attempts)
    {
        try
        {
            await Eventually.TrueAsync(() => !Lost(attempts).Any(), "the group has every acknowledged message", Patience);
        }
        catch (TimeoutException)
        {
            // The violations name what is missing.
        }

        await LeaveAsync();
        await NoteOffsetsAsync();
        return [.. Lost(attempts), .. RandomHistoryCheck.Ahead(_receipts.All, _offsets, lives: [], holes: [])];
    }

    public async ValueTask DisposeAsync() => await LeaveAsync();

    private async Task LeaveAsync()
    {
        foreach (RocketMqPushConsumer member in _members)
        {
            await member.DisposeAsync();
        }

        _members.Clear();
    }

    private IEnumerable<string> Lost(IEnumerable<Attempt> attempts)
    {
        HashSet<string> handled = new(_receipts.All.Select(static receipt => receipt.Body), StringComparer.Ordinal);
        return attempts.Where(attempt => attempt.AcknowledgedOffset is not null && !handled.Contains(attempt.Body)).Select(static attempt => $"acknowledged and lost to the group: {attempt}");
    }

    private async Task JoinAsync(int number)
    {
        RocketMqPushConsumer member = new(new PushConsumerOptions
        {
            NameServers = _brokers.NameServerAddress,
            Group = Group.Name,
            InstanceName = $"{Group.Name}-{number}",
            ConsumeFromWhere = ConsumeFromWhere.FirstOffset,
            RebalanceInterval = TimeSpan.FromSeconds(1),
            HeartbeatInterval = TimeSpan.FromSeconds(1),
            RouteRefreshInterval = TimeSpan.FromSeconds(1),
            CommitInterval = TimeSpan.FromMilliseconds(200),
            PullRetryDelay = TimeSpan.FromMilliseconds(200),
            OnError = static _ => { },
        });
        _members.Add(member);
        await member.SubscribeAsync(ElectedRun.Topic, "*", async (message, _) =>
        {
            await _receipts.HandleAsync(Group, message.GetText(), message.Queue.QueueId, message.QueueOffset, hold: null);
            return ConsumeResult.Success;
        });
        await member.StartAsync();
    }
}
