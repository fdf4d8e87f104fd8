using FsCheck;
using FsCheck.Fluent;
using RocketOps.Operator.Topics;

namespace RocketOps.Operator.Tests.Topics;

public sealed class RemovalPlannerTests
{
    [Fact]
    public void Next_NothingThere_Done() => Next(null).Action.Should().Be(RemovalAction.Done);

    [Fact]
    public void Next_NotYetWhereItIsAskedFor_StaysOpen() => Next(6, mayClose: false, isNoticed: true, drained: true).Action.Should().Be(RemovalAction.WaitForOthers);

    [Fact]
    public void Next_StepByStep_ProducersConsumersTopic()
    {
        Next(6).Should().Be(new RemovalStep(RemovalAction.Permit, 4));
        Next(4).Action.Should().Be(RemovalAction.WaitForClients);
        Next(4, isNoticed: true).Action.Should().Be(RemovalAction.Drain);
        Next(4, isNoticed: true, drained: true).Should().Be(new RemovalStep(RemovalAction.Permit, 0));
        Next(0, drained: true).Action.Should().Be(RemovalAction.WaitForClients);
        Next(0, isNoticed: true, drained: true).Action.Should().Be(RemovalAction.Remove);
    }

    [Fact]
    public void Next_MessagesCameAfterConsumersWereShutOut_TheyReadThem() => Next(0, isNoticed: true).Should().Be(new RemovalStep(RemovalAction.Permit, 4));

    [Fact]
    public void Next_ProducersAlone_NobodyIsLetInToRead()
    {
        Next(2, permission: 2).Should().Be(new RemovalStep(RemovalAction.Permit, 0));
        Next(0, permission: 2, isNoticed: true).Action.Should().Be(RemovalAction.Drain);
    }

    /// <summary>It never goes while clients may write or read there, or something is left, or before they have noticed.</summary>
    [Fact]
    public void Next_AnyState_NothingIsLost()
    {
        Gen<(int Found, int Permission, int Flags)> all = from found in Gen.Choose(0, 7) from permission in Gen.Elements(2, 4, 6) from flags in Gen.Choose(0, 7) select (found, permission, flags);

        Prop.ForAll(all.ToArbitrary(), state =>
        {
            (bool mayClose, bool isNoticed, bool drained) = ((state.Flags & 1) != 0, (state.Flags & 2) != 0, (state.Flags & 4) != 0);
            RemovalStep step = Next(state.Found, state.Permission, mayClose, isNoticed, drained);
            return step.Action switch
            {
                RemovalAction.Remove => state.Found == 0 && isNoticed && drained,
                RemovalAction.Permit => (step.Permission & 2) == 0 && (step.Permission != 0 || drained || state.Permission == 2) && step.Permission != state.Found,
                RemovalAction.Done => false,
                _ => true,
            };
        }).QuickCheckThrowOnFailure();
    }

    private static RemovalStep Next(int? found, int permission = 6, bool mayClose = true, bool isNoticed = false, bool drained = false) =>
        RemovalPlanner.Next(found is { } bits ? new TopicSettings(8, 8, bits, "NORMAL") : null, permission, mayClose, isNoticed, drained);
}
