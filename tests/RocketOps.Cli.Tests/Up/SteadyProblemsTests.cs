using RocketOps.Cli.Up;
using RocketOps.Testing.Time;

namespace RocketOps.Cli.Tests.Up;

public sealed class SteadyProblemsTests
{
    [Fact]
    public void Of_ProblemThatLasts_IsToldAfterTwoSecondsOnly()
    {
        FakeTimeProvider time = new();
        SteadyProblems steady = new(time);
        PodProblem crash = new("n/p", "CrashLoopBackOff");

        steady.Of([crash]).Should().BeEmpty();
        time.Advance(TimeSpan.FromSeconds(2));
        steady.Of([crash]).Should().Equal(crash);
        steady.Of([]).Should().BeEmpty();
        steady.Of([crash]).Should().BeEmpty("it has gone in between");
    }
}
