namespace RocketOps.Embedded.Api.Protobuf;

/// <summary>One field of a message.</summary>
/// <param name="Name">Its name in JSON.</param>
/// <param name="Kind">What it becomes.</param>
/// <param name="Message">The fields by number, when it is a message.</param>
/// <param name="Repeated">Whether it is a list.</param>
internal sealed record MessageField(string Name, FieldKind Kind, IReadOnlyDictionary<int, MessageField>? Message = null, bool Repeated = false);
