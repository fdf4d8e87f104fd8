using System.Globalization;
using RocketOps.Faults.Tests.Histories;
using RocketOps.Faults.Tests.Loads;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Servers;

namespace RocketOps.Faults.Tests.Kills;

/// <summary>
/// Groups of one member each, which has a queue of its own: it sends a message there and commits the offset behind it, again and again. By
/// plain frames.
/// </summary>
internal sealed class CommittingGroups(ServerUnderTest server) : IAsyncDisposable
{
    private const string Topic = "Commits";
    private const int Groups = 8;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly Member[] _members = [.. Enumerable.Range(0, Groups).Select(static queue => new Member(queue))];
    private Workers _workers = new();
    private long _committed;

    /// <summary>Commits that were acknowledged.</summary>
    public long Committed => Interlocked.Read(ref _committed);

    public async Task CreateTopicAsync()
    {
        await using RawConnection broker = await RawConnection.ConnectAsync(server.BrokerAddress);
        (await RawBroker.CreateTopicAsync(broker, Topic, Groups)).Code.Should().Be(RawBroker.Success);
    }

    public void Start()
    {
        _workers = new Workers();
        _workers.Start(Groups, number => CommitAsync(_members[number]));
    }

    /// <summary>Returns when so many more commits have been acknowledged.</summary>
    public Task CommittedAsync(int more, string when)
    {
        long enough = Committed + more;
        return _workers.UntilAsync(() => Committed >= enough, $"offsets are committed {when}", Patience);
    }

    public Task StopAsync() => _workers.StopAsync();

    /// <summary>
    /// Lists the faults of the broker's offsets while no consumer commits: each is at most what was asked for, and at least what it
    /// was after the start before and what the files had.
    /// </summary>
    /// <param name="kept">What the files had of each queue before the start.</param>
    public async Task<IReadOnlyList<string>> ViolationsAsync(IReadOnlyDictionary<int, long> kept)
    {
        List<string> violations = [];
        await using RawConnection broker = await RawConnection.ConnectAsync(server.BrokerAddress);
        foreach (Member member in _members)
        {
            long offset = await new GroupOffsets(broker, member.Group).CommittedAsync(member.Queue) ?? 0;
            long least = Math.Max(member.AtLastStart, kept.GetValueOrDefault(member.Queue));
            if (offset < least || offset > member.Asked)
            {
                violations.Add($"queue {member.Queue} is at {offset}, not between {least} and {member.Asked}");
            }

            member.AtLastStart = offset;
        }

        return violations;
    }

    /// <summary>What the files of a broker that does not run have of each queue.</summary>
    public async Task<IReadOnlyDictionary<int, long>> ReadKeptAsync()
    {
        Dictionary<int, long> kept = [];
        foreach (Member member in _members)
        {
            IReadOnlyDictionary<int, long> ofGroup = await GroupOffsets.ReadKeptAsync(server.StoreDirectory, member.Group);
            kept[member.Queue] = ofGroup.GetValueOrDefault(member.Queue);
        }

        return kept;
    }

    public ValueTask DisposeAsync() => _workers.DisposeAsync();

    private Task CommitAsync(Member member) => _workers.AgainAsync(server, async broker =>
    {
        // A group is made by what it reads.
        await RawBroker.PullAsync(broker, Topic, member.Queue, 0, group: member.Group.Name);
        while (!_workers.IsStopping)
        {
            RawFrame sent = await RawBroker.SendAsync(broker, Topic, member.Queue, new byte[1]);
            sent.Code.Should().Be(RawBroker.Success, sent.Remark);
            long offset = long.Parse(sent.ExtFields["queueOffset"], CultureInfo.InvariantCulture) + 1;
            offset.Should().BeGreaterThan(member.Asked, "no offset of queue {0} is given twice", member.Queue);
            member.Asked = offset;
            RawFrame committed = await RawBroker.UpdateOffsetAsync(broker, member.Group.Name, Topic, member.Queue, offset);
            committed.Code.Should().Be(RawBroker.Success, committed.Remark);
            Interlocked.Increment(ref _committed);
        }
    });

    private sealed class Member(int queue)
    {
        public int Queue => queue;

        public GroupOfHistory Group { get; } = new($"committer{queue}", Topic);

        /// <summary>The highest offset that it asked to commit.</summary>
        public long Asked { get; set; }

        public long AtLastStart { get; set; }
    }
}
