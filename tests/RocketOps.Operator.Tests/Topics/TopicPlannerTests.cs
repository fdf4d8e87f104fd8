using FsCheck;
using FsCheck.Fluent;
using RocketOps.Operator.Topics;

namespace RocketOps.Operator.Tests.Topics;

public sealed class TopicPlannerTests
{
    [Fact]
    public void Next_UnknownTopic_CreatedAtOnce()
    {
        TopicSettings wanted = Settings(8, 8);

        TopicPlanner.Next(wanted, null, drained: false, noticed: true).Should().Be(new TopicChange(wanted, null));
    }

    [Fact]
    public void Next_AsWanted_Converged()
    {
        TopicPlanner.Next(Settings(8, 8), Settings(8, 8), drained: false, noticed: true).Converged.Should().BeTrue();
    }

    [Fact]
    public void Next_Grow_ReadQueuesFirst()
    {
        TopicPlanner.Next(Settings(16, 16), Settings(8, 8), drained: false, noticed: true).Write.Should().Be(Settings(16, 8));
        TopicPlanner.Next(Settings(16, 16), Settings(16, 8), drained: false, noticed: true).Write.Should().Be(Settings(16, 16));
    }

    [Fact]
    public void Next_Grow_ProducersWaitUntilConsumersHaveNoticed()
    {
        TopicPlanner.Next(Settings(16, 16), Settings(8, 8), drained: false, noticed: false).Should().Be(new TopicChange(Settings(16, 8), null, 8));
        TopicPlanner.Next(Settings(16, 16), Settings(16, 8), drained: false, noticed: false).Should().Be(new TopicChange(null, null, 8));
        TopicPlanner.Next(Settings(16, 16) with { Permission = 4 }, Settings(16, 8), drained: false, noticed: false)
            .Should().Be(new TopicChange(Settings(16, 8) with { Permission = 4 }, null, 8), "the rest has no order of its own");
        TopicPlanner.Next(Settings(16, 16), null, drained: false, noticed: false).Should().Be(new TopicChange(Settings(16, 16), null), "what is new has no consumers");
    }

    [Fact]
    public void Next_Shrink_WriteQueuesFirstThenWaitsThenReadQueues()
    {
        TopicPlanner.Next(Settings(4, 4), Settings(8, 8), drained: true, noticed: true).Should().Be(new TopicChange(Settings(8, 4), 4));
        TopicPlanner.Next(Settings(4, 4), Settings(8, 4), drained: false, noticed: true).Should().Be(new TopicChange(null, 4));
        TopicPlanner.Next(Settings(4, 4), Settings(8, 4), drained: true, noticed: true).Should().Be(new TopicChange(Settings(4, 4), null));
    }

    [Fact]
    public void Next_ShrinkTakenBack_WriteQueuesReturn()
    {
        TopicPlanner.Next(Settings(8, 8), Settings(8, 4), drained: false, noticed: true).Write.Should().Be(Settings(8, 8));
    }

    [Fact]
    public void Next_PermissionDrifted_Corrected()
    {
        TopicPlanner.Next(Settings(8, 8), Settings(8, 8) with { Permission = 4 }, drained: false, noticed: true).Write.Should().Be(Settings(8, 8));
    }

    /// <summary>From any state to any other: each step keeps write ≤ read where it held, read never shrinks undrained, and the end is reached.</summary>
    [Fact]
    public void Next_AnyStates_ReachesWantedWithoutHidingQueues()
    {
        Gen<int> count = Gen.Choose(1, 32);
        Gen<(int Read, int Write)> pair = from a in count from b in count select (Read: Math.Max(a, b), Write: Math.Min(a, b));
        Gen<int> permission = Gen.Elements(2, 4, 6);
        Gen<((int Read, int Write) wanted, (int Read, int Write) found, int p, int q)> all = from wanted in pair from found in pair from p in permission from q in permission select (wanted, found, p, q);

        Prop.ForAll(all.ToArbitrary(), state =>
        {
            TopicSettings wanted = new(state.wanted.Read, state.wanted.Write, state.p, "NORMAL");
            TopicSettings found = new(state.found.Read, state.found.Write, state.q, "NORMAL");
            for (int steps = 0; steps < 4; steps++)
            {
                TopicChange undrained = TopicPlanner.Next(wanted, found, drained: false, noticed: true);
                if (undrained.Write is { } early && early.ReadQueues < found.ReadQueues)
                {
                    return false;
                }

                TopicChange step = TopicPlanner.Next(wanted, found, drained: true, noticed: true);
                if (step.Converged)
                {
                    return found == wanted;
                }

                if (step.Write is null || step.Write.WriteQueues > step.Write.ReadQueues || step.Write.WriteQueues > found.ReadQueues && step.Write.WriteQueues > found.WriteQueues)
                {
                    return false;
                }

                found = step.Write;
            }

            return false;
        }).QuickCheckThrowOnFailure();
    }

    private static TopicSettings Settings(int read, int write) => new(read, write, 6, "NORMAL");
}
