namespace RocketOps.Embedded.Kubelet.Logs;

internal enum LogChannel
{
    Stdout,
    Stderr,
}
