using RocketOps.Cli.Up;

namespace RocketOps.Cli.Tests.Up;

public sealed class DisposeStepsTests
{
    [Fact]
    public async Task Run_OneStepFails_TheOthersRunAndItsFailureIsThrown()
    {
        List<string> ended = [];

        Func<Task> run = () => DisposeSteps.RunAsync(
            () => throw new InvalidOperationException("the operator"),
            () => End(ended, "kubelet"),
            () => End(ended, "api"));

        await run.Should().ThrowAsync<InvalidOperationException>().WithMessage("the operator");
        ended.Should().Equal("kubelet", "api");
    }

    [Fact]
    public async Task Run_TwoStepsFail_BothAreTold()
    {
        Func<Task> run = () => DisposeSteps.RunAsync(() => throw new IOException("a"), () => Task.FromException(new IOException("b")));

        (await run.Should().ThrowAsync<AggregateException>()).Which.InnerExceptions.Select(failure => failure.Message).Should().Equal("a", "b");
    }

    private static Task End(List<string> ended, string part)
    {
        ended.Add(part);
        return Task.CompletedTask;
    }
}
