using System.Text.Json;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Kubernetes.Models;
using RocketOps.Testing.Json;

namespace RocketOps.Kubernetes.Tests.Models;

public sealed class ModelJsonTests
{
    [Fact]
    public void Objects_ThatLeaveMembersOut_AreAsTheirClassesBegin()
    {
        LeftOutMembers.ObjectsOf(KubernetesJsonContext.Default).Should().Contain(KubernetesJsonContext.Default.PodSpec);
        LeftOutMembers.FindLost(KubernetesJsonContext.Default).Should().BeEmpty();
        LeftOutMembers.FindLost(ClientJsonContext.Default).Should().BeEmpty();
    }

    [Fact]
    public void MicroTime_HasSixDigits_AndTimeNone()
    {
        DateTimeOffset at = new DateTimeOffset(2026, 11, 20, 13, 0, 0, TimeSpan.FromHours(1)).AddTicks(1234567);
        Lease lease = new Lease { Metadata = new ObjectMeta { Name = "l", CreationTimestamp = at }, Spec = new LeaseSpec { RenewTime = at } };

        string json = JsonSerializer.Serialize(lease, KubernetesJsonContext.Default.Lease);

        json.Should().Contain("\"renewTime\":\"2026-11-20T12:00:00.123456Z\"").And.Contain("\"creationTimestamp\":\"2026-11-20T12:00:00Z\"");
    }

    [Fact]
    public void Names_OfAcronyms_AreTheApis()
    {
        Service service = new Service { Spec = new ServiceSpec { ClusterIP = "None", ClusterIPs = ["None"], Ports = [new ServicePort { Port = 1, TargetPort = "http" }] } };
        Pod pod = new Pod { Spec = new PodSpec { DnsPolicy = "Default" }, Status = new PodStatus { PodIP = "1.2.3.4", PodIPs = [new PodIP { Ip = "1.2.3.4" }], HostIP = "h" } };

        JsonSerializer.Serialize(service, KubernetesJsonContext.Default.Service).Should().Be(
            """{"apiVersion":"v1","kind":"Service","metadata":{},"spec":{"ports":[{"port":1,"targetPort":"http"}],"clusterIP":"None","clusterIPs":["None"]}}""");
        JsonSerializer.Serialize(pod, KubernetesJsonContext.Default.Pod).Should().Be(
            """{"apiVersion":"v1","kind":"Pod","metadata":{},"spec":{"dnsPolicy":"Default"},"status":{"hostIP":"h","podIP":"1.2.3.4","podIPs":[{"ip":"1.2.3.4"}]}}""");
    }

    [Fact]
    public void LeaseSpec_RoundTrip_KeepsWhatIsNotOurs()
    {
        string json = """{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"l"},"spec":{"strategy":"OldestEmulationVersion","preferredHolder":"x"}}""";

        Lease lease = JsonSerializer.Deserialize(json, KubernetesJsonContext.Default.Lease)!;

        JsonSerializer.Serialize(lease, KubernetesJsonContext.Default.Lease).Should().Be(json);
    }

    [Theory]
    [InlineData("8080", 8080, null)]
    [InlineData("\"http\"", null, "http")]
    [InlineData("\"50%\"", null, "50%")]
    public void IntOrString_RoundTrips(string json, int? number, string? text)
    {
        IntOrString port = JsonSerializer.Deserialize($$"""{"port":{{json}}}""", KubernetesJsonContext.Default.HttpGetAction)!.Port;

        port.Number.Should().Be(number);
        port.Text.Should().Be(text);
    }

    [Fact]
    public void SecretData_IsBase64()
    {
        Secret secret = new Secret { Metadata = new ObjectMeta { Name = "s" }, Data = new() { ["k"] = [1, 2, 3] } };

        JsonSerializer.Serialize(secret, KubernetesJsonContext.Default.Secret).Should().Contain("\"data\":{\"k\":\"AQID\"}");
    }
}
