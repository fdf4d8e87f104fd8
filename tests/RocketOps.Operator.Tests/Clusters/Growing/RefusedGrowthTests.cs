using System.Net;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Growing;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Settings;
using RocketOps.Testing.Time;

namespace RocketOps.Operator.Tests.Clusters.Growing;

public sealed class RefusedGrowthTests
{
    private static readonly KubernetesException Answer = new(HttpStatusCode.Forbidden, new Kubernetes.Models.Status { Message = "no" });

    private readonly FakeTimeProvider _time = new();
    private readonly RefusedGrowth _refused;

    public RefusedGrowthTests() => _refused = new RefusedGrowth(new OperatorOptions(), _time);

    [Fact]
    public void Find_RefusedAgainAndAgain_IsAskedLessAndLessOften()
    {
        List<double> pauses = [];
        for (int i = 0; i < 7; i++)
        {
            _refused.Note(Cluster(), Answer);
            int seconds = 0;
            for (; _refused.Find(Cluster()) is not null; seconds++)
            {
                _time.Advance(TimeSpan.FromSeconds(1));
            }

            pauses.Add(seconds);
        }

        pauses.Should().Equal(30, 60, 120, 240, 480, 600, 600);
    }

    [Fact]
    public void Find_OtherSpecOrOtherClusterOfTheName_IsAskedAtOnce()
    {
        _refused.Note(Cluster(), Answer);

        _refused.Find(Cluster()).Should().BeSameAs(Answer);
        _refused.Find(Cluster(generation: 2)).Should().BeNull();
        _refused.Find(Cluster(uid: "v")).Should().BeNull();
    }

    [Fact]
    public void Find_Forgotten_IsAskedAtOnce()
    {
        _refused.Note(Cluster(), Answer);

        _refused.Forget(Cluster().Key());

        _refused.Find(Cluster()).Should().BeNull();
    }

    private static BrokerCluster Cluster(long generation = 1, string uid = "u") => new() { Metadata = new ObjectMeta { Name = "a", Namespace = "default", Uid = uid, Generation = generation } };
}
