using System.Text.Json;
using RocketOps.Embedded.Kubelet.Controllers;
using RocketOps.Kubernetes.Dynamic;

namespace RocketOps.Embedded.Tests.Kubelet.Controllers;

public sealed class RolloutPlanTests
{
    [Theory]
    [InlineData(10, """{}""", 3, 2)]
    [InlineData(1, """{}""", 1, 0)]
    [InlineData(4, """{"rollingUpdate":{"maxSurge":0,"maxUnavailable":2}}""", 0, 2)]
    [InlineData(4, """{"rollingUpdate":{"maxSurge":0,"maxUnavailable":0}}""", 0, 1)]
    [InlineData(3, """{"rollingUpdate":{"maxSurge":"50%","maxUnavailable":"50%"}}""", 2, 1)]
    public void Of_RollingUpdate_ResolvesAsKubernetes(int replicas, string strategy, int surge, int unavailable)
    {
        using JsonDocument json = JsonDocument.Parse($$"""{"metadata":{},"spec":{"replicas":{{replicas}},"strategy":{{strategy}} } }""");

        RolloutPlan.Of(new KubernetesObject(json.RootElement)).Should().Be(new RolloutPlan(replicas, IsRecreate: false, surge, unavailable));
    }
}
