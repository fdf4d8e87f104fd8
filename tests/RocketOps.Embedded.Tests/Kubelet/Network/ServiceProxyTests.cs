using System.Net;
using System.Net.Sockets;
using RocketOps.Embedded.Kubelet.Controllers;
using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Testing;

namespace RocketOps.Embedded.Tests.Kubelet.Network;

/// <summary>Services as the programs of this machine meet them. What pods are to answer the test answers at their addresses: the shell cannot listen.</summary>
public sealed class ServiceProxyTests : IAsyncLifetime
{
    private const int Port = 7070;

    private KubeletFixture _kubelet = null!;

    public async Task InitializeAsync() => _kubelet = await KubeletFixture.StartAsync();

    public async Task DisposeAsync() => await _kubelet.DisposeAsync();

    [Fact]
    public async Task ClusterAddressAndHostAddress_LeadToTheReadyPodAndOutliveIt()
    {
        KubernetesObject service = await CreateServiceAsync("front", Port);
        string clusterAddress = $"{service.Spec.Text("clusterIP")}:{Port}";
        await Eventually.TrueAsync(() => _kubelet.Kubelet.HostAddresses.ContainsKey("default/front"), "the Service has a port of 127.0.0.1");
        string hostAddress = _kubelet.Kubelet.HostAddresses["default/front"];
        (await AskAsync(hostAddress)).Should().BeNull("there is no pod");

        KubernetesObject first = await RunPodAsync("one");
        using (TcpListener listener = Answer(first, "one"))
        {
            foreach (string address in new[] { clusterAddress, hostAddress })
            {
                await Eventually.TrueAsync(async () => await AskAsync(address) == "one", $"{address} leads to the pod");
            }
        }

        KubernetesObject second = await RunPodAsync("two");
        using (TcpListener listener = Answer(second, "two"))
        {
            await Eventually.TrueAsync(async () => await AskAsync(hostAddress) == "two", "the first pod refuses, the second is asked");
            await _kubelet.DeleteAsync(Kinds.Pod, first, graceSeconds: 0);
            await Eventually.TrueAsync(async () => await AskAsync(clusterAddress) == "two", "the first pod is gone");
        }

        _kubelet.Kubelet.HostAddresses["default/front"].Should().Be(hostAddress);
    }

    [Fact]
    public async Task ClusterAddress_SeveralPodsAreReady_TheOneThatIsReadyLongestAnswers()
    {
        KubernetesObject service = await CreateServiceAsync("front", Port);
        string address = $"{service.Spec.Text("clusterIP")}:{Port}";

        // The first one becomes ready again, later than the second: not the order in which they came to be. The status tells whole seconds.
        string mark = Path.Combine(_kubelet.Folder, "restart");
        await _kubelet.RunAsync("first", $"until [ -e {mark} ]; do sleep 0.05; done; rm {mark}", labels: ",\"service\":\"front\"");
        KubernetesObject latest = await _kubelet.PodAsync("first", pod => pod.HasCondition("Ready"), "runs");
        KubernetesObject longest = await RunPodAsync("second");
        while (PodFactory.ReadySince(latest) <= PodFactory.ReadySince(longest))
        {
            int restarts = RestartsOf(latest);
            await File.WriteAllTextAsync(mark, string.Empty);
            latest = await _kubelet.PodAsync("first", pod => RestartsOf(pod) > restarts && pod.HasCondition("Ready"), "runs again");
        }

        using TcpListener late = Answer(latest, "late");
        await Eventually.TrueAsync(async () => await AskAsync(address) == "late", "of the ready pods only the latest listens");
        using TcpListener early = Answer(longest, "early");
        for (int i = 0; i < 5; i++)
        {
            (await AskAsync(address)).Should().Be("early", "the pod that has been ready for longest is asked first");
        }

        await _kubelet.DeleteAsync(Kinds.Pod, longest, 0);
        await Eventually.TrueAsync(async () => await AskAsync(address) == "late", "the first pod is gone");
    }

    [Fact]
    public async Task ClusterAddress_OfAServiceWithoutSelector_LeadsWhereItsSliceSays()
    {
        KubernetesObject service = await _kubelet.CreateAsync(Kinds.Service, $$"""{"metadata":{"name":"leader"},"spec":{"ports":[{"port":{{Port}}}]} }""");
        string address = $"{service.Spec.Text("clusterIP")}:{Port}";
        KubernetesObject one = await RunPodAsync("one");
        KubernetesObject two = await RunPodAsync("two");
        using TcpListener first = Answer(one, "one");
        using TcpListener second = Answer(two, "two");
        await Eventually.TrueAsync(async () => await AskAsync(address) is null, "the address listens, and leads nowhere yet");

        await _kubelet.CreateAsync(
            Kinds.EndpointSlice,
            $$"""{"metadata":{"name":"leader","labels":{"kubernetes.io/service-name":"leader"} },"addressType":"IPv4","endpoints":[{"addresses":["{{one.Status.Text("podIP")}}"] }],"ports":[{"port":{{Port}} }] }""");
        await Eventually.TrueAsync(async () => await AskAsync(address) == "one", "it leads to the first");

        await _kubelet.PatchAsync(Kinds.EndpointSlice, "leader", $$"""{"endpoints":[{"addresses":["{{two.Status.Text("podIP")}}"]}]}""");

        await Eventually.TrueAsync(async () => await AskAsync(address) == "two", "it leads to the second");
    }

    [Fact]
    public async Task ClusterAddress_OfAServiceThatPublishesPodsNotReady_LeadsThere()
    {
        KubernetesObject service = await _kubelet.CreateAsync(Kinds.Service, $$"""{"metadata":{"name":"member"},"spec":{"publishNotReadyAddresses":true,"selector":{"app":"slow"},"ports":[{"port":{{Port}}}]} }""");
        await _kubelet.RunAsync("slow", "exec sleep infinity", more: ",\"readinessProbe\":{\"exec\":{\"command\":[\"false\"]}}");
        KubernetesObject pod = await _kubelet.PodAsync("slow", static pod => !string.IsNullOrEmpty(pod.Status.Text("podIP")), "has an address");
        using TcpListener listener = Answer(pod, "slow");

        await Eventually.TrueAsync(async () => await AskAsync($"{service.Spec.Text("clusterIP")}:{Port}") == "slow", "members meet before they are ready");
        (await _kubelet.GetAsync(Kinds.Pod, "slow"))!.HasCondition("Ready").Should().BeFalse();
    }

    [Fact]
    public async Task Pod_WithAServiceAccountsToken_ReachesTheServer()
    {
        await _kubelet.RunAsync(
            "account",
            "echo $KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT; cat $FOLDER/token; grep -c CERTIFICATE $FOLDER/ca.crt; exec sleep infinity",
            more: ",\"env\":[{\"name\":\"FOLDER\",\"value\":\"/run/account\"}],\"volumeMounts\":[{\"name\":\"account\",\"mountPath\":\"/run/account\"}]",
            podMore: ",\"volumes\":[{\"name\":\"account\",\"projected\":{\"sources\":[{\"serviceAccountToken\":{\"path\":\"token\"}},{\"configMap\":{\"name\":\"kube-root-ca.crt\"}}]}}]");
        KubernetesObject pod = await _kubelet.PodAsync("account", static pod => pod.HasCondition("Ready"), "runs");

        string log = string.Empty;
        await Eventually.TrueAsync(async () => (log = await _kubelet.LogAsync(pod)).Contains('2', StringComparison.Ordinal) && log.EndsWith('\n') && log.Count(static c => c == '\n') >= 2, "the pod has told");
        log.Should().Contain($"{_kubelet.Configuration.Server.Host}:{_kubelet.Configuration.Server.Port}").And.Contain(_kubelet.Configuration.Token);
    }

    [Fact]
    public async Task HostAddress_KubeletStartsAgain_IsTheSame()
    {
        // The first has the port taken before, the second another one: both keep theirs.
        await CreateServiceAsync("b", Port);
        await HostAddressAsync("b");
        await CreateServiceAsync("a", Port);
        (string a, string b) before = (await HostAddressAsync("a"), await HostAddressAsync("b"));
        before.a.Should().NotBe(before.b);

        await _kubelet.Kubelet.DisposeAsync();
        await _kubelet.StartKubeletAsync();

        (await HostAddressAsync("a"), await HostAddressAsync("b")).Should().Be(before);
    }

    [Fact]
    public async Task Service_Deleted_IsRefused()
    {
        KubernetesObject service = await CreateServiceAsync("short", Port);
        string hostAddress = await HostAddressAsync("short");

        await _kubelet.DeleteAsync(Kinds.Service, service);

        await Eventually.TrueAsync(() => !_kubelet.Kubelet.HostAddresses.ContainsKey("default/short"), "the address is no longer shown");
        foreach (string address in new[] { hostAddress, $"{service.Spec.Text("clusterIP")}:{Port}" })
        {
            await Eventually.TrueAsync(async () => await IsRefusedAsync(address), $"nothing listens at {address}");
        }
    }

    [Fact]
    public async Task StatefulSet_PodComesBack_HasItsAddress()
    {
        await _kubelet.CreateAsync(
            Kinds.StatefulSet,
            """
            {"metadata":{"name":"same"},"spec":{"replicas":2,"serviceName":"same","selector":{"matchLabels":{"app":"same"}},"template":{"metadata":{"labels":{"app":"same"}},
             "spec":{"terminationGracePeriodSeconds":1,"containers":[{"name":"main","image":"shell","args":["-c","exec sleep infinity"]}]}}}}
            """);
        KubernetesObject first = await _kubelet.PodAsync("same-0", pod => pod.HasCondition("Ready"), "runs");
        await _kubelet.PodAsync("same-1", pod => pod.HasCondition("Ready"), "runs");

        // By force, while its process still runs: the next one waits for the address.
        await _kubelet.DeleteAsync(Kinds.Pod, first, graceSeconds: 0);

        KubernetesObject second = await _kubelet.PodAsync("same-0", pod => pod.Uid != first.Uid && pod.HasCondition("Ready"), "came back");
        second.Status.Text("podIP").Should().Be(first.Status.Text("podIP"));
    }

    private Task<KubernetesObject> CreateServiceAsync(string name, int port) => _kubelet.CreateAsync(
        Kinds.Service,
        $$"""{"metadata":{"name":"{{name}}","labels":{"reach":"host"} },"spec":{"selector":{"service":"{{name}}"},"ports":[{"port":{{port}},"targetPort":{{port}}}]} }""");

    private static int RestartsOf(KubernetesObject pod) => pod.Status.Items("containerStatuses").First().Int("restartCount") ?? 0;

    private async Task<string> HostAddressAsync(string service)
    {
        await Eventually.TrueAsync(() => _kubelet.Kubelet.HostAddresses.ContainsKey($"default/{service}"), $"Service {service} has a port of 127.0.0.1");
        return _kubelet.Kubelet.HostAddresses[$"default/{service}"];
    }

    private async Task<KubernetesObject> RunPodAsync(string name)
    {
        await _kubelet.CreateAsync(
            Kinds.Pod,
            $$"""
              {"metadata":{"name":"{{name}}","labels":{"service":"front"} },
               "spec":{"terminationGracePeriodSeconds":1,"containers":[{"name":"main","image":"shell","args":["-c","exec sleep infinity"]}] } }
              """);
        return await _kubelet.PodAsync(name, pod => pod.HasCondition("Ready"), "runs");
    }

    /// <summary>Says the text to whoever connects to the pod, until disposed.</summary>
    private static TcpListener Answer(KubernetesObject pod, string text)
    {
        TcpListener listener = new(IPAddress.Parse(pod.Status.Text("podIP")!), Port);
        listener.Start();
        _ = Task.Run(async () =>
        {
            while (true)
            {
                using Socket socket = await listener.AcceptSocketAsync();
                await socket.SendAsync(System.Text.Encoding.ASCII.GetBytes(text));
            }
        });
        return listener;
    }

    private static async Task<string?> AskAsync(string address)
    {
        try
        {
            using TcpClient client = new();
            await client.ConnectAsync(IPEndPoint.Parse(address));
            using StreamReader reader = new(client.GetStream());
            return await reader.ReadToEndAsync();
        }
        catch (Exception failure) when (failure is SocketException or IOException)
        {
            return null;
        }
    }

    private static async Task<bool> IsRefusedAsync(string address)
    {
        try
        {
            using TcpClient client = new();
            await client.ConnectAsync(IPEndPoint.Parse(address));
            return false;
        }
        catch (SocketException refused) when (refused.SocketErrorCode == SocketError.ConnectionRefused)
        {
            return true;
        }
    }
}
