namespace RocketOps.Kubernetes.Models;

public sealed class Probe
{
    public HttpGetAction? HttpGet { get; set; }

    public TcpSocketAction? TcpSocket { get; set; }

    public ExecAction? Exec { get; set; }

    public GrpcAction? Grpc { get; set; }

    public int? InitialDelaySeconds { get; set; }

    public int? TimeoutSeconds { get; set; }

    public int? PeriodSeconds { get; set; }

    public int? SuccessThreshold { get; set; }

    public int? FailureThreshold { get; set; }

    public long? TerminationGracePeriodSeconds { get; set; }
}

public sealed class Lifecycle
{
    public LifecycleHandler? PostStart { get; set; }

    public LifecycleHandler? PreStop { get; set; }
}

public sealed class LifecycleHandler
{
    public ExecAction? Exec { get; set; }

    public HttpGetAction? HttpGet { get; set; }

    public TcpSocketAction? TcpSocket { get; set; }

    public SleepAction? Sleep { get; set; }
}

public sealed class ExecAction
{
    public List<string>? Command { get; set; }
}

public sealed class GrpcAction
{
    public int Port { get; set; }

    public string? Service { get; set; }
}

public sealed class HttpGetAction
{
    public string? Path { get; set; }

    public IntOrString Port { get; set; }

    public string? Host { get; set; }

    public string? Scheme { get; set; }

    public List<HttpHeader>? HttpHeaders { get; set; }
}

public sealed class HttpHeader
{
    public string Name { get; set; } = "";

    public string Value { get; set; } = "";
}

public sealed class SleepAction
{
    public long Seconds { get; set; }
}

public sealed class TcpSocketAction
{
    public IntOrString Port { get; set; }

    public string? Host { get; set; }
}
