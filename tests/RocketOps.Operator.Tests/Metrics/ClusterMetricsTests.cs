using System.Diagnostics.Metrics;
using NSubstitute;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Informers;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Metrics;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Tests.Metrics;

/// <summary>What the figures make of a status.</summary>
public sealed class ClusterMetricsTests
{
    /// <summary>The condition has one reason for all of them, the first.</summary>
    [Fact]
    public void NotReady_GroupsFailDifferently_EachCountsForItsOwnReason()
    {
        BrokerCluster cluster = new()
        {
            Metadata = new ObjectMeta { Name = "a", Namespace = "ns" },
            Status = new BrokerClusterStatus
            {
                Groups =
                [
                    new() { Name = "a-0", Ready = true },
                    new() { Name = "a-1", Reason = Reasons.Unanswering },
                    new() { Name = "a-2", Reason = Reasons.ApiUnavailable },
                    new() { Name = "a-3", Reason = Reasons.ApiUnavailable },

                    // Yet to be opened.
                    new() { Name = "a-4" },
                ],
                Conditions = [new() { Type = ConditionTypes.Available, Status = ConditionStatus.Unknown, Reason = Reasons.Unanswering }],
            },
        };

        NotReady(cluster).Should().Equal(new Dictionary<string, long> { [Reasons.Unanswering] = 1, [Reasons.ApiUnavailable] = 2 });
    }

    /// <summary>Broker groups by reason, those without any left out.</summary>
    private static Dictionary<string, long> NotReady(BrokerCluster cluster)
    {
        IEntityCache<BrokerCluster> clusters = Substitute.For<IEntityCache<BrokerCluster>>();
        clusters.List().Returns([cluster]);
        using Meter meter = new(OperatorMeter.Name);
        IMeterFactory factory = Substitute.For<IMeterFactory>();
        factory.Create(Arg.Any<MeterOptions>()).Returns(meter);

        // The figure that is asked for needs no health.
        _ = new ClusterMetrics(factory, health: null!, clusters, Index<Topic>(), Index<ConsumerGroup>());
        Dictionary<string, long> found = [];
        using MeterListener listener = new()
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Meter == meter && instrument.Name == "rocketops.cluster.groups.not_ready")
                {
                    listening.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, value, labels, _) =>
        {
            if (value > 0)
            {
                found.Add((string)labels.ToArray().Single(static label => label.Key == "reason").Value!, value);
            }
        });
        listener.Start();
        listener.RecordObservableInstruments();
        return found;
    }

    private static MasterIndex<T> Index<T>()
        where T : class, IKubernetesObject => new(Substitute.For<IInformer<T>>(), static _ => default, static _ => "");
}
