namespace RocketOps.Remoting.Server.Loops;

/// <summary>Result of a <see cref="INativeSockets.Wait"/>.</summary>
/// <param name="Tag">The tag given to <see cref="INativeSockets.Watch"/>.</param>
/// <param name="IsReadable">There are bytes, or an end or error to be read.</param>
/// <param name="IsWritable">The kernel takes bytes again.</param>
/// <param name="IsHungUp">The peer has ended its side: reading must go on until it says so.</param>
internal readonly record struct ReadyEvent(int Tag, bool IsReadable, bool IsWritable, bool IsHungUp);
