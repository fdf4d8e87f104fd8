namespace RocketOps.Faults.Tests.Histories;

/// <summary>The positive control of the random histories: each broken one is found.</summary>
public sealed class RandomHistoryCheckTests
{
    private static readonly GroupOfHistory[] Groups = [new("g", "T", IsAlone: true), new("o", "O", IsOrderly: true)];

    private static readonly GroupOfHistory Several = new("g", "T");

    private static readonly SentMessage[] Sent =
    [
        new("T", "k", 0, IsAcknowledged: true), new("T", "k", 1, IsAcknowledged: false), new("T", "k", 2, IsAcknowledged: true, IsRolledBack: true),
        new("T", "k", 3, IsAcknowledged: true, NotBefore: 1_000), new("O", "a", 0, IsAcknowledged: true), new("O", "a", 1, IsAcknowledged: true), new("O", "b", 0, IsAcknowledged: true),
    ];

    private static readonly Receipt[] Intact =
    [
        new(1, "g", "T/k/3", 1_000, QueueId: 0, QueueOffset: 1), new(2, "g", "T/k/0", 5, QueueId: 0, QueueOffset: 0),
        new(3, "o", "O/a/0", 5), new(4, "o", "O/b/0", 6), new(5, "o", "O/a/1", 7), new(6, "o", "O/a/0", 8), new(7, "o", "O/a/1", 9),
    ];

    // Messages 0 to 7 in one queue, sent at 0 to 7; 0 to 6 are handled once, and then the group goes back from 6 to 4.
    private static readonly SentMessage[] Row = [.. Enumerable.Range(0, 8).Select(static number => new SentMessage("T", "k", number, IsAcknowledged: number < 7, At: number))];
    private static readonly Receipt[] Handled = [.. Enumerable.Range(0, 7).Select(static number => new Receipt(number + 1, "g", $"T/k/{number}", number, 0, number))];
    private static readonly OffsetLife Rewound = new("g", 0, From: 4, Below: 6, Number: 11, Time: 4);

    [Fact]
    public void Violations_IntactWithRepetitions_None() => Check(Intact).Should().BeEmpty();

    [Fact]
    public void Violations_UnacknowledgedReceived_None() => Check([.. Intact, new(8, "g", "T/k/1", 5)]).Should().BeEmpty();

    [Fact]
    public void Violations_AcknowledgedNotReceived_Lost() => Check([.. Intact.Where(static receipt => receipt.Body != "T/k/0")]).Should().ContainSingle().Which.Should().StartWith("acknowledged and lost to g");

    [Fact]
    public void Violations_RolledBackReceived_Found() => Check([.. Intact, new(8, "g", "T/k/2", 5)]).Should().ContainSingle().Which.Should().StartWith("rolled back and received");

    [Fact]
    public void Violations_Early_Found() => Check([.. Intact, new(8, "g", "T/k/3", 999)]).Should().ContainSingle().Which.Should().StartWith("received 1 ms early");

    [Fact]
    public void Violations_OrderOfAKeyBroken_Found() =>
        Check([.. Intact.Where(static receipt => receipt.Group == "g"), new(3, "o", "O/a/1", 5), new(4, "o", "O/a/0", 6), new(5, "o", "O/b/0", 6)])
            .Should().ContainSingle().Which.Should().StartWith("order of key a broken");

    [Fact]
    public void Violations_NobodySent_Found() => Check([.. Intact, new(8, "g", "O/a/0", 5)]).Should().ContainSingle().Which.Should().StartWith("nobody sent");

    [Fact]
    public void Violations_OffsetRanBack_Found() =>
        Check(Intact, new("g", 0, 2, Kills: 0), new("g", 1, 0, Kills: 0), new("g", 0, 1, Kills: 0)).Should().ContainSingle().Which.Should().StartWith("offset ran back from 2");

    [Fact]
    public void Violations_OffsetOfAGroupWithMembersRanBack_None() =>
        Check([.. Intact, new(8, "o", "O/b/0", 9, QueueId: 0, QueueOffset: 0)], new("o", 0, 1, Kills: 0), new("o", 0, 0, Kills: 0)).Should().BeEmpty();

    [Fact]
    public void Violations_OffsetAheadOfAMessage_Found() => Check(Intact, new CommittedOffset("g", 0, 3, Kills: 0)).Should().ContainSingle().Which.Should().StartWith("offset ahead of 2");

    [Fact]
    public void Violations_OffsetAheadOfWhatCameLater_Found() =>
        Check(Intact, new("g", 0, 0, Kills: 0, Received: 1), new("g", 0, 1, Kills: 0, Received: 1)).Should().ContainSingle().Which.Should().StartWith("offset ahead of 0");

    [Fact]
    public async Task Violations_OffsetAheadOfAMessageThatIsNotHandled_Found()
    {
        ReceiptLog log = new();
        Hold hold = new(new Dictionary<int, long> { [0] = 1 });
        log.Add(Groups[0], "T/k/0", 0, 0);
        Task handler = log.HandleAsync(Groups[0], "T/k/3", 0, 1, hold).AsTask();
        CommittedOffset committed = new("g", 0, 2, Kills: 0, log.Last);

        hold.IsReached.Should().BeTrue("it was received");
        Ahead(log, committed).Should().ContainSingle().Which.Should().StartWith("offset ahead of 1");

        hold.Release();
        await handler;
        Ahead(log, committed).Should().ContainSingle("it was handled later").Which.Should().StartWith("offset ahead of 1");
        Ahead(log, committed with { Received = log.Last }).Should().BeEmpty();
    }

    [Fact]
    public void Violations_OffsetAheadAfterARewind_Found()
    {
        Receipt[] again = [.. Handled, new(12, "g", "T/k/5", 9, 0, 5)];

        CheckLives(again, [Rewound], new("g", 0, 6, Kills: 0, Received: 10), new("g", 0, 5, Kills: 1, Received: 12), new("g", 0, 6, Kills: 2, Received: 12))
            .Where(static violation => violation.StartsWith("offset", StringComparison.Ordinal)).Should().HaveCount(2).And.OnlyContain(static violation => violation.StartsWith("offset ahead of 4"));
    }

    [Fact]
    public void Violations_OffsetAfterARewindAsFarAsItIsHandledAgain_None()
    {
        Receipt[] again = [.. Handled, new(12, "g", "T/k/4", 9, 0, 4), new(13, "g", "T/k/5", 9, 0, 5)];

        CheckLives(again, [Rewound], new("g", 0, 4, Kills: 0, Received: 11), new("g", 0, 5, Kills: 0, Received: 12), new("g", 0, 7, Kills: 0, Received: 13)).Should().BeEmpty("what lay behind the old offset was not set back");
    }

    [Fact]
    public void Violations_NotReceivedAgainAfterARewind_Found() =>
        CheckLives([.. Handled, new(12, "g", "T/k/5", 9, 0, 5)], [Rewound]).Should().ContainSingle().Which.Should().StartWith("not received again: offset 4");

    [Fact]
    public void Violations_SentSinceTheTimeOfARewindAndLeftOut_Found() =>
        CheckLives([.. Handled, new(12, "g", "T/k/4", 9, 0, 4), new(13, "g", "T/k/5", 9, 0, 5)], [Rewound with { Time = 3 }]).Should().ContainSingle().Which.Should().StartWith("left out").And.Contain("T/k/3");

    [Fact]
    public void Violations_OffsetAheadBehindAHole_OnlyOfWhatLiesThere()
    {
        Receipt[] receipts = [.. Handled, new(8, "g", "T/k/7", 8, 0, 100)];
        Hole[] holes = [new("T", 0, 7, 100), new("U", 0, 0, 7), new("T", 1, 0, 7)];

        RandomHistoryCheck.Violations(History(receipts, [new("g", 0, 7, Kills: 0), new("g", 0, 100, Kills: 0), new("g", 0, 101, Kills: 0)], [], holes, [])).Should().BeEmpty();
        RandomHistoryCheck.Violations(History(receipts, [new("g", 0, 102, Kills: 0)], [], holes, [])).Should().ContainSingle().Which.Should().StartWith("offset ahead of 101");
    }

    [Fact]
    public void Violations_OffsetAheadInATopicMadeAgain_Found()
    {
        OffsetLife anew = new("g", 0, From: 0, Below: long.MaxValue, Number: 11);
        Receipt[] receipts = [.. Handled, new(12, "g", "T/k/7", 9, 0, 0)];

        CheckLives(receipts, [anew], new("g", 0, 7, Kills: 0, Received: 10), new("g", 0, 1, Kills: 1, Received: 12)).Should().BeEmpty();
        CheckLives(receipts, [anew], new CommittedOffset("g", 0, 7, Kills: 0, Received: 12)).Should().ContainSingle().Which.Should().StartWith("offset ahead of 1");
    }

    [Fact]
    public void Violations_AcknowledgedBeforeItsTopicWasDeleted_NotLost()
    {
        Receipt[] receipts = [.. Handled.Where(static receipt => receipt.Body is not ("T/k/2" or "T/k/3"))];

        RandomHistoryCheck.Violations(History(receipts, [], [], [], [new Deletion("T", At: 2), new Deletion("O", At: 9)])).Should().ContainSingle().Which.Should().StartWith("acknowledged and lost to g").And.Contain("Sequence = 3");
    }

    [Fact]
    public void Violations_OffsetRanBackByAKill_None() => Check(Intact, new("g", 0, 2, Kills: 0), new("g", 0, 1, Kills: 1)).Should().BeEmpty();

    private static IReadOnlyList<string> Check(IReadOnlyCollection<Receipt> receipts, params CommittedOffset[] offsets) => RandomHistoryCheck.Violations(new RandomHistory(Sent, receipts, Groups, offsets, [], [], []));

    private static IReadOnlyList<string> CheckLives(IReadOnlyCollection<Receipt> receipts, OffsetLife[] lives, params CommittedOffset[] offsets) => RandomHistoryCheck.Violations(History(receipts, offsets, lives, [], []));

    private static IEnumerable<string> Ahead(ReceiptLog log, CommittedOffset committed) => RandomHistoryCheck.Ahead(log.All, [committed], [], []);

    private static RandomHistory History(
        IReadOnlyCollection<Receipt> receipts, IReadOnlyCollection<CommittedOffset> offsets, IReadOnlyCollection<OffsetLife> lives, IReadOnlyCollection<Hole> holes, IReadOnlyCollection<Deletion> deletions) =>
        new(Row, receipts, [Several], offsets, lives, holes, deletions);
}
