import { AliasNode, type OperationNode, type RootOperationNode, TableNode } from 'kysely';

/** The table that an insert, update or delete changes, when it is one plain table. */
export function targetTable(statement: RootOperationNode): string | undefined {
  switch (statement.kind) {
    case 'InsertQueryNode':
      return statement.into && tableName(statement.into);
    case 'UpdateQueryNode':
      return statement.table && tableName(statement.table);
    case 'DeleteQueryNode':
      return statement.from.froms[0] && tableName(statement.from.froms[0]);
    default:
      return undefined;
  }
}

function tableName(node: OperationNode): string | undefined {
  if (AliasNode.is(node)) return tableName(node.node);
  if (node.kind === 'ListNode') {
    const [first] = (node as { readonly items?: readonly OperationNode[] } & OperationNode).items ?? [];
    return first && tableName(first);
  }
  return TableNode.is(node) ? node.table.identifier.name : undefined;
}
