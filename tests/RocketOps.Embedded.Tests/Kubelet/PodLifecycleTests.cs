using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Embedded.Kubelet.Processes;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Testing;

namespace RocketOps.Embedded.Tests.Kubelet;

public sealed class PodLifecycleTests : IAsyncLifetime
{
    private KubeletFixture _kubelet = null!;

    public async Task InitializeAsync() => _kubelet = await KubeletFixture.StartAsync();

    public async Task DisposeAsync() => await _kubelet.DisposeAsync();

    [Fact]
    public async Task Run_PodWithoutProbes_BecomesReadyWithAddressOfItsOwn()
    {
        await _kubelet.RunAsync("plain", "echo hello; exec sleep infinity");

        KubernetesObject pod = await _kubelet.PodAsync("plain", pod => pod.HasCondition("Ready"), "the pod is ready");

        pod.Status.Text("phase").Should().Be("Running");
        pod.Status.Text("podIP").Should().StartWith("127.10.").And.NotBe(_kubelet.Kubelet.NodeAddress);
        JsonElement status = pod.Status.Items("containerStatuses").Single();
        status.Flag("ready").Should().BeTrue();
        status.Int("restartCount").Should().Be(0);
        status.Field("state").Has("running").Should().BeTrue();
        await Eventually.TrueAsync(async () => await _kubelet.LogAsync(pod) == "hello\n", "the output is in the log");
    }

    [Fact]
    public async Task Delete_RunningPod_TermsTheProcessAndRemovesObjectAndFolders()
    {
        await _kubelet.RunAsync("stopping", "trap 'echo bye > $KEEP/bye; exit 0' TERM; echo up > $KEEP/up; while :; do sleep 0.05; done", $$""","env":[{"name":"KEEP","value":"{{_kubelet.Folder}}"}]""");
        KubernetesObject pod = await _kubelet.PodAsync("stopping", pod => pod.HasCondition("Ready"), "the pod is ready");
        ProcessIdentity process = ProcessIdentity.Of(ProcessOf(pod))!.Value;
        await Eventually.TrueAsync(() => File.Exists(Path.Combine(_kubelet.Folder, "up")), "the shell has set its trap");

        await _kubelet.DeleteAsync(Kinds.Pod, pod, graceSeconds: 300);

        await _kubelet.GoneAsync(Kinds.Pod, "stopping");
        File.Exists(Path.Combine(_kubelet.Folder, "bye")).Should().BeTrue("the process was asked before it ended");
        process.IsRunning.Should().BeFalse();
        await Eventually.TrueAsync(() => !Directory.Exists(Path.Combine(_kubelet.Folder, "pods", pod.Uid)), "the pod's folder is gone");
    }

    [Fact]
    public async Task Delete_RemovalOfTheObjectFailsTwice_IsTriedAgainUntilItIsGone()
    {
        await _kubelet.RunAsync("unlucky", "exec sleep infinity");
        KubernetesObject pod = await _kubelet.PodAsync("unlucky", pod => pod.HasCondition("Ready"), "the pod is ready");
        int calls = 0;
        _kubelet.FaultHook = call =>
            call is { Verb: "delete", Resource: "pods" } && Interlocked.Increment(ref calls) is 2 or 3 ? ApiFault.Fail(500, "InternalError") : null;

        await _kubelet.DeleteAsync(Kinds.Pod, pod);

        await _kubelet.GoneAsync(Kinds.Pod, "unlucky");
        calls.Should().Be(4, "one is ours, two failed");
    }

    [Fact]
    public async Task Delete_LastStatusIsRefused_IsRemovedAllTheSame()
    {
        await _kubelet.RunAsync("mute", "exec sleep infinity");
        KubernetesObject pod = await _kubelet.PodAsync("mute", pod => pod.HasCondition("Ready"), "the pod is ready");
        _kubelet.FaultHook = call => call is { Verb: "patch", Resource: "pods", Subresource: "status" } ? ApiFault.Fail(500, "InternalError") : null;

        await _kubelet.DeleteAsync(Kinds.Pod, pod);

        await _kubelet.GoneAsync(Kinds.Pod, "mute");
    }

    [Fact]
    public async Task Stop_ApiRefusesEveryDeletion_EndsAndTheNextStartDeletes()
    {
        await _kubelet.RunAsync("leftover", "exec sleep infinity");
        KubernetesObject pod = await _kubelet.PodAsync("leftover", pod => pod.HasCondition("Ready"), "the pod is ready");
        int failures = 0;
        _kubelet.FaultHook = call =>
        {
            bool isFinal = call is { Verb: "delete", Resource: "pods" } && ProcessIdentity.Of(ProcessOf(pod)) is null;
            return isFinal && Interlocked.Increment(ref failures) > 0 ? ApiFault.Fail(500, "InternalError") : null;
        };
        await _kubelet.DeleteAsync(Kinds.Pod, pod);
        await Eventually.TrueAsync(() => Volatile.Read(ref failures) > 0, "the deletion was refused");

        await _kubelet.Kubelet.StopAsync();
        (await _kubelet.GetAsync(Kinds.Pod, "leftover")).Should().NotBeNull();
        _kubelet.FaultHook = null;
        await _kubelet.StartKubeletAsync();

        await _kubelet.GoneAsync(Kinds.Pod, "leftover");
    }

    [Fact]
    public async Task Delete_ProcessThatIgnoresTerm_IsKilledAfterGrace()
    {
        await _kubelet.RunAsync("stubborn", "trap '' TERM; while :; do sleep 0.05; done");
        KubernetesObject pod = await _kubelet.PodAsync("stubborn", pod => pod.HasCondition("Ready"), "the pod is ready");
        ProcessIdentity process = ProcessIdentity.Of(ProcessOf(pod))!.Value;

        await _kubelet.DeleteAsync(Kinds.Pod, pod, graceSeconds: 1);

        await _kubelet.GoneAsync(Kinds.Pod, "stubborn");
        process.IsRunning.Should().BeFalse();
    }

    [Fact]
    public async Task Run_ContainerThatFails_RestartsWithBackOffAndKeepsExitCode()
    {
        await _kubelet.RunAsync("crashing", "echo run; echo '   at Some.Frame()' >&2; exit 7");

        KubernetesObject pod = await _kubelet.PodAsync(
            "crashing",
            pod => pod.Status.Items("containerStatuses").FirstOrDefault() is { ValueKind: JsonValueKind.Object } status
                && status.Int("restartCount") >= 2
                && status.Field("state").Field("waiting").Text("reason") == "CrashLoopBackOff",
            "the container is in its restart loop");

        pod.Status.Text("phase").Should().Be("Running");
        pod.HasCondition("Ready").Should().BeFalse();
        JsonElement last = pod.Status.Items("containerStatuses").Single().Field("lastState").Field("terminated");
        last.Int("exitCode").Should().Be(7);
        last.Text("reason").Should().Be("Error");
        last.Text("message").Should().Be("run", "it is the last thing it said that is no stack trace");
        await Eventually.TrueAsync(async () => await PreviousLogAsync(pod) is { } log && log.Contains("run\n", StringComparison.Ordinal) && log.Contains("Some.Frame", StringComparison.Ordinal), "the log of the run before is there");
    }

    [Fact]
    public async Task Run_RestartPolicyNever_EndsAsSucceededOrFailed()
    {
        await _kubelet.RunAsync("good", "exit 0", podMore: ""","restartPolicy":"Never" """);
        await _kubelet.RunAsync("bad", "exit 3", podMore: ""","restartPolicy":"Never" """);

        await _kubelet.PodAsync("good", pod => pod.Status.Text("phase") == "Succeeded", "phase Succeeded");
        KubernetesObject bad = await _kubelet.PodAsync("bad", pod => pod.Status.Text("phase") == "Failed", "phase Failed");

        bad.Status.Items("containerStatuses").Single().Field("state").Field("terminated").Int("exitCode").Should().Be(3);
    }

    [Fact]
    public async Task Run_UnknownImage_WaitsWithErrImageNeverPullAndSaysWhatRuns()
    {
        await _kubelet.CreateAsync(
            Kinds.Pod, """{"metadata":{"name":"foreign"},"spec":{"containers":[{"name":"main","image":"nginx:1.27"}]}}""");

        KubernetesObject pod = await _kubelet.PodAsync(
            "foreign",
            pod => pod.Status.Items("containerStatuses").FirstOrDefault().Field("state").Field("waiting").Text("reason") == "ErrImageNeverPull",
            "reason ErrImageNeverPull");

        pod.Status.Text("phase").Should().Be("Pending");
        pod.Status.Items("containerStatuses").Single().Field("state").Field("waiting").Text("message")
            .Should().Contain("nginx:1.27").And.Contain("shell");
        await _kubelet.DeleteAsync(Kinds.Pod, pod);
        await _kubelet.GoneAsync(Kinds.Pod, "foreign");
    }

    [Fact]
    public async Task Run_ReadinessProbe_FollowsTheProgram()
    {
        await _kubelet.RunAsync(
            "probed", "exec sleep infinity", ""","readinessProbe":{"tcpSocket":{"port":7070},"periodSeconds":1,"failureThreshold":1}""");
        KubernetesObject pod = await _kubelet.PodAsync("probed", pod => pod.Status.Text("phase") == "Running", "the pod runs");
        pod.HasCondition("Ready").Should().BeFalse();

        TcpListener listener = new(IPAddress.Parse(pod.Status.Text("podIP")!), 7070);
        listener.Start();
        await _kubelet.PodAsync("probed", pod => pod.HasCondition("Ready"), "ready once the port is open");
        listener.Stop();

        await _kubelet.PodAsync("probed", pod => !pod.HasCondition("Ready"), "not ready once the port is closed");
    }

    [Fact]
    public async Task Run_LivenessProbeFails_RestartsTheContainer()
    {
        await _kubelet.RunAsync(
            "wedged", "exec sleep infinity", ""","livenessProbe":{"httpGet":{"port":7071,"path":"/livez"},"periodSeconds":1,"failureThreshold":1}""");

        KubernetesObject pod = await _kubelet.PodAsync(
            "wedged", pod => pod.Status.Items("containerStatuses").FirstOrDefault().Int("restartCount") >= 1, "the container was restarted");

        pod.Status.Items("containerStatuses").Single().Field("lastState").Field("terminated").Text("message").Should().Contain("Liveness probe failed");
    }

    [Fact]
    public async Task Run_MountsEnvironmentAndDownwardApi_ReachTheProgram()
    {
        await _kubelet.CreateAsync(Kinds.ConfigMap, """{"metadata":{"name":"settings"},"data":{"app.conf":"store=/var/lib/app/store\nplain=yes\n"}}""");
        await _kubelet.CreateAsync(Kinds.Secret, """{"metadata":{"name":"keys"},"stringData":{"token":"s3cret"}}""");
        await _kubelet.CreateAsync(
            Kinds.Pod,
            """
            {"metadata":{"name":"mounted"},"spec":{"terminationGracePeriodSeconds":1,
              "volumes":[{"name":"config","configMap":{"name":"settings"}},{"name":"data","emptyDir":{}},{"name":"keys","secret":{"secretName":"keys"}}],
              "containers":[{"name":"main","image":"shell",
                "env":[{"name":"POD_NAME","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}},
                       {"name":"POD_IP","valueFrom":{"fieldRef":{"fieldPath":"status.podIP"}}},
                       {"name":"TOKEN","valueFrom":{"secretKeyRef":{"name":"keys","key":"token"}}},
                       {"name":"GREETING","value":"hello $(POD_NAME) $$(POD_NAME)"}],
                "args":["-c","echo $GREETING $POD_IP $TOKEN $ROCKETOPS_bindAddress; cat /etc/app/app.conf; mkdir -p /var/lib/app/store; cat /etc/keys/token; echo; exec sleep infinity"],
                "volumeMounts":[{"name":"config","mountPath":"/etc/app"},{"name":"data","mountPath":"/var/lib/app"},{"name":"keys","mountPath":"/etc/keys"}]}]}}
            """);
        KubernetesObject pod = await _kubelet.PodAsync("mounted", pod => pod.HasCondition("Ready"), "the pod is ready");

        string? address = pod.Status.Text("podIP");
        string volumes = Path.Combine(_kubelet.Folder, "pods", pod.Uid, "volumes");
        string expected = $"hello mounted $(POD_NAME) {address} s3cret {address}\nstore={volumes}/data/store\nplain=yes\ns3cret";
        await Eventually.TrueAsync(async () => (await _kubelet.LogAsync(pod)).Split('\n').Length >= 5, "all four lines are in the log");
        (await _kubelet.LogAsync(pod)).Should().StartWith(expected);
        Directory.Exists(Path.Combine(volumes, "data", "store")).Should().BeTrue();
    }

    /// <summary>Where the volume lies on this machine is nothing that a person who wrote the pod knows.</summary>
    [Fact]
    public async Task Run_ContainerThatNamesAFileOfAVolume_TellsItsPathInThePod()
    {
        await _kubelet.CreateAsync(
            Kinds.Pod,
            """
            {"metadata":{"name":"failing"},"spec":{"restartPolicy":"Never","volumes":[{"name":"data","emptyDir":{}}],
              "containers":[{"name":"main","image":"shell","args":["-c","echo /var/lib/app/x.conf:7: no such key; exit 3"],
                "volumeMounts":[{"name":"data","mountPath":"/var/lib/app"}]}]}}
            """);

        KubernetesObject pod = await _kubelet.PodAsync("failing", pod => pod.Status.Text("phase") == "Failed", "phase Failed");

        (await _kubelet.LogAsync(pod)).Should().Contain("/volumes/data/x.conf:7", "the test can fail: the process itself sees a folder of the machine");
        pod.Status.Items("containerStatuses").Single().Field("state").Field("terminated").Text("message").Should().Be("/var/lib/app/x.conf:7: no such key");
    }

    [Fact]
    public async Task Run_MissingConfigMap_WaitsAndStartsWhenItComes()
    {
        await _kubelet.CreateAsync(
            Kinds.Pod,
            """
            {"metadata":{"name":"early"},"spec":{"containers":[{"name":"main","image":"shell","args":["-c","echo $VALUE; exec sleep infinity"],
              "env":[{"name":"VALUE","valueFrom":{"configMapKeyRef":{"name":"late","key":"value"}}}]}]}}
            """);
        KubernetesObject waiting = await _kubelet.PodAsync(
            "early", pod => pod.Status.Items("containerStatuses").FirstOrDefault().Field("state").Field("waiting").Text("reason") == "CreateContainerConfigError", "it waits");
        waiting.Status.Items("containerStatuses").Single().Field("state").Field("waiting").Text("message").Should().Be("configmap \"late\" not found");

        await _kubelet.CreateAsync(Kinds.ConfigMap, """{"metadata":{"name":"late"},"data":{"value":"here"}}""");

        KubernetesObject pod = await _kubelet.PodAsync("early", pod => pod.HasCondition("Ready"), "the pod is ready");
        await Eventually.TrueAsync(async () => await _kubelet.LogAsync(pod) == "here\n", "it saw the value");
    }

    /// <summary>As on a cluster: nothing is wrong with its configuration while its volume is on its way, as it is at every first start.</summary>
    [Fact]
    public async Task Run_ClaimThatIsNotBound_IsBeingCreatedUntilItIs()
    {
        await _kubelet.RunAsync("keeper", "exec sleep infinity", podMore: ""","volumes":[{"name":"data","persistentVolumeClaim":{"claimName":"kept"}}]""");
        KubernetesObject waiting = await _kubelet.PodAsync(
            "keeper", pod => pod.Status.Items("containerStatuses").FirstOrDefault().Field("state").Field("waiting").Text("message") == "persistentvolumeclaim \"kept\" is not bound", "it waits");
        waiting.Status.Items("containerStatuses").Single().Field("state").Field("waiting").Text("reason").Should().Be("ContainerCreating");

        await _kubelet.CreateAsync(Kinds.VolumeClaim, """{"metadata":{"name":"kept"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Mi"}}}}""");

        await _kubelet.PodAsync("keeper", pod => pod.HasCondition("Ready"), "the pod is ready");
    }

    [Fact]
    public async Task Logs_Follow_EndsWithTheContainer()
    {
        await _kubelet.RunAsync("talking", "for i in 1 2 3; do echo line $i; sleep 0.05; done; echo last", podMore: ""","restartPolicy":"Never" """);
        KubernetesObject pod = await _kubelet.PodAsync("talking", pod => pod.Status.Text("phase") != "Pending", "it has started");

        string followed = await _kubelet.LogAsync(pod, "follow=true");
        string tail = await _kubelet.LogAsync(pod, "tailLines=2");
        string stamped = await _kubelet.LogAsync(pod, "tailLines=1&timestamps=true");

        followed.Should().Be("line 1\nline 2\nline 3\nlast\n");
        tail.Should().Be("line 3\nlast\n");
        stamped.Should().MatchRegex("^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{9}Z last\n$");
    }

    [Fact]
    public async Task Restart_KubeletStopsAndStarts_RunsThePodAgainAtItsAddress()
    {
        await _kubelet.RunAsync("durable", "exec sleep infinity");
        KubernetesObject before = await _kubelet.PodAsync("durable", pod => pod.HasCondition("Ready"), "the pod is ready");
        ProcessIdentity process = ProcessIdentity.Of(ProcessOf(before))!.Value;

        await _kubelet.Kubelet.StopAsync();
        process.IsRunning.Should().BeFalse();
        (await _kubelet.GetAsync(Kinds.Pod, "durable"))!.HasCondition("Ready").Should().BeFalse();
        await _kubelet.StartKubeletAsync();

        KubernetesObject after = await _kubelet.PodAsync("durable", pod => pod.HasCondition("Ready"), "the pod is ready again");
        after.Status.Text("podIP").Should().Be(before.Status.Text("podIP"));
        after.Status.Items("containerStatuses").Single().Int("restartCount").Should().Be(1);
    }

    /// <summary>Of the run before; null when it is not there. A container that restarts soon has another one then.</summary>
    private async Task<string?> PreviousLogAsync(KubernetesObject pod)
    {
        try
        {
            return await _kubelet.LogAsync(pod, "previous=true");
        }
        catch (Exception gone) when (gone is KubernetesException or HttpRequestException or IOException)
        {
            return null;
        }
    }

    private static int ProcessOf(KubernetesObject pod) =>
        int.Parse(pod.Status.Items("containerStatuses").Single().Text("containerID")!["process://".Length..]);
}
