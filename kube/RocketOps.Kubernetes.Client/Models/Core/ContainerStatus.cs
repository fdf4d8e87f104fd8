using System.Text.Json.Serialization;

namespace RocketOps.Kubernetes.Models;

public sealed class ContainerStatus
{
    public string Name { get; set; } = "";

    public ContainerState? State { get; set; }

    public ContainerState? LastState { get; set; }

    public bool Ready { get; set; }

    public int RestartCount { get; set; }

    public string Image { get; set; } = "";

    public string ImageID { get; set; } = "";

    public string? ContainerID { get; set; }

    public bool? Started { get; set; }
}

public sealed class ContainerState
{
    public ContainerStateWaiting? Waiting { get; set; }

    public ContainerStateRunning? Running { get; set; }

    public ContainerStateTerminated? Terminated { get; set; }
}

public sealed class ContainerStateWaiting
{
    public string? Reason { get; set; }

    public string? Message { get; set; }
}

public sealed class ContainerStateRunning
{
    [JsonConverter(typeof(KubernetesTimeConverter))]
    public DateTimeOffset? StartedAt { get; set; }
}

public sealed class ContainerStateTerminated
{
    public int ExitCode { get; set; }

    public int? Signal { get; set; }

    public string? Reason { get; set; }

    public string? Message { get; set; }

    [JsonConverter(typeof(KubernetesTimeConverter))]
    public DateTimeOffset? StartedAt { get; set; }

    [JsonConverter(typeof(KubernetesTimeConverter))]
    public DateTimeOffset? FinishedAt { get; set; }

    public string? ContainerID { get; set; }
}
