namespace RocketOps.Interop.Tests.Up;

/// <summary>A pod of a running <c>rocketops up</c> as the API shows it.</summary>
internal sealed record UpPod(string Uid, bool IsReady, string Address, int ProcessId);
