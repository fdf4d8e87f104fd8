using System.Text.Json;
using RocketOps.Cli.Up;
using RocketOps.Kubernetes.Dynamic;

namespace RocketOps.Cli.Tests.Up;

public sealed class PodProblemTests
{
    [Theory]
    [InlineData("""{"state":{"waiting":{"reason":"ContainerCreating"}}}""", null)]
    [InlineData("""{"state":{"running":{}}}""", null)]
    [InlineData("""{"state":{"terminated":{"exitCode":0}}}""", null)]
    [InlineData("""{"state":{"terminated":{"exitCode":3}}}""", "ended with exit code 3")]
    [InlineData("""{"state":{"waiting":{"reason":"ErrImagePull","message":"no program"}}}""", "ErrImagePull: no program")]
    [InlineData(
        """{"state":{"waiting":{"reason":"CrashLoopBackOff","message":"back-off"}},"lastState":{"terminated":{"exitCode":1,"message":"address in use"}}}""",
        "CrashLoopBackOff: address in use")]
    public void Of_Container_SaysWhyItDoesNotRun(string status, string? expected) =>
        (PodProblem.Of(Pod($$"""{"containerStatuses":[{{status}}] }"""))?.Text).Should().Be(expected);

    [Fact]
    public void Of_ReadyPod_IsNone() =>
        PodProblem.Of(Pod("""{"conditions":[{"type":"Ready","status":"True"}],"containerStatuses":[{"state":{"terminated":{"exitCode":1}}}]}""")).Should().BeNull();

    private static KubernetesObject Pod(string status)
    {
        using JsonDocument document = JsonDocument.Parse($$"""{"metadata":{"name":"p","namespace":"n"},"status":{{status}} }""");
        return new KubernetesObject(document.RootElement.Clone());
    }
}
