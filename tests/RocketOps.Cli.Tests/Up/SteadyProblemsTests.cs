using RocketOps.Cli.Up;
using RocketOps.Testing.Time;

namespace RocketOps.Cli.Tests.Up;

public sealed class SteadyProblemsTests
{
    [Fact]
    public void Of_ProblemThatLasts_IsToldAfterTwoSecondsOnly()
    {
        var time = new FakeTimeProvider();
        var steady = new SteadyProblems(time);
        var crash = new PodProblem("n/p", "CrashLoopBackOff");

        steady.Of([crash]).Should().BeEmpty();
        time.Advance(TimeSpan.FromSeconds(2));
        steady.Of([crash]).Should().Equal(crash);
        steady.Of([]).Should().BeEmpty();
        steady.Of([crash]).Should().BeEmpty("it has gone in between");
    }
}
