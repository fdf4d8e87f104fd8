namespace RocketOps.Testing.Disks;

/// <summary>The process has died: thrown by every call of a <see cref="MemoryFileSystem"/> from there on. No code of the store may catch it.</summary>
public sealed class SimulatedCrashException : Exception;
