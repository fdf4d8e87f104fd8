using RocketOps.Election.Epochs;

namespace RocketOps.Election.Tests.Epochs;

public sealed class JoinPlanTests
{
    [Theory]
    // own epochs, own end, master's epochs, master's end: common point
    [InlineData("1-0", 50, "1-0", 80, 50)]
    [InlineData("1-0", 80, "1-0", 50, 50)]
    [InlineData("1-0", 80, "1-0 2-60", 90, 60)]
    [InlineData("1-0", 50, "1-0 2-60", 90, 50)]
    [InlineData("1-0 2-60", 70, "1-0 3-65", 90, 60)]
    [InlineData("1-0 2-60", 70, "1-0 3-40", 90, 40)]
    [InlineData("1-0 2-60 4-80", 85, "1-0 2-60 3-70", 75, 70)]
    [InlineData("1-0", 10, "2-0", 90, 0)]
    [InlineData("", 40, "3-30", 90, 30)]
    [InlineData("", 20, "3-30", 90, 20)]
    [InlineData("2-25", 40, "3-30", 90, 25)]
    public void Find_TwoLogs_EndsWhereTheyPart(string own, long ownEnd, string master, long masterEnd, long common)
    {
        JoinPlan plan = JoinPlan.Find(new LogExtent(Epochs(own), 0, ownEnd), new LogExtent(Epochs(master), 0, masterEnd));

        plan.Refusal.Should().BeNull();
        plan.At.Should().Be(common);
        plan.Cuts.Should().Be(common < ownEnd);
    }

    [Fact]
    public void Find_AnEpochOfWhichNothingWasWritten_IsForgottenThoughNothingIsCut()
    {
        // This member led epoch 2 and was killed before it took a message; another one led on, with more of epoch 1.
        JoinPlan plan = JoinPlan.Find(new LogExtent(Epochs("1-0 2-88"), 0, 88), new LogExtent(Epochs("1-0 3-95"), 0, 99));

        plan.Should().BeEquivalentTo(new { At = 88L, Cuts = false });
        plan.Epochs.Entries.Should().Equal(new EpochEntry(1, 0));
    }

    [Fact]
    public void Find_AnEmptyLog_BeginsWhereTheMasterBegins()
    {
        JoinPlan plan = JoinPlan.Find(new LogExtent(EpochHistory.Empty, 0, 0), new LogExtent(Epochs("1-0 2-60"), 40, 90));

        plan.Should().BeEquivalentTo(new { At = 40L, Cuts = false, Refusal = (string?)null });
    }

    [Fact]
    public void Find_WhatTheMasterHasDeleted_IsRefused()
    {
        JoinPlan plan = JoinPlan.Find(new LogExtent(Epochs("1-0"), 0, 30), new LogExtent(Epochs("1-0 2-60"), 40, 90));

        plan.Refusal.Should().Contain("move its store away");
    }

    [Fact]
    public void Find_WhatTheFollowerHasDeleted_IsRefused()
    {
        JoinPlan plan = JoinPlan.Find(new LogExtent(Epochs("1-0"), 70, 80), new LogExtent(Epochs("1-0 2-60"), 0, 90));

        plan.Refusal.Should().Contain("this copy has deleted everything before 70");
    }

    [Fact]
    public void Find_OneEpochWithTwoStarts_IsRefused()
    {
        JoinPlan plan = JoinPlan.Find(new LogExtent(Epochs("1-0 2-50"), 0, 80), new LogExtent(Epochs("1-0 2-60"), 0, 90));

        plan.Refusal.Should().Contain("epoch 2 begins at 50 here and at 60 in the master's log");
    }

    private static EpochHistory Epochs(string text) =>
        EpochHistory.Of([.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static entry => entry.Split('-')).Select(static parts => new EpochEntry(long.Parse(parts[0]), long.Parse(parts[1])))]);
}
