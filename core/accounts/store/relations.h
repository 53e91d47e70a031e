// Relations between entities: which folders users and groups mount, which groups users and administrators are in.
#pragma once

#include <cstdint>
#include <vector>

#include "core/accounts/store/sql/connection.h"
#include "core/accounts/store/store.h"

namespace slipway::accounts::relations {

// Each replaces what is stored for the entity with this id. InvalidArgument names what does not exist or is there
// twice.
Status store_user_folders(sql::Connection&, std::int64_t user_id, const std::vector<FolderMapping>&);
Status store_group_folders(sql::Connection&, std::int64_t group_id, const std::vector<FolderMapping>&);
Status store_user_groups(sql::Connection&, std::int64_t user_id, const std::vector<GroupMapping>&);
Status store_admin_groups(sql::Connection&, std::int64_t admin_id, const std::vector<AdminGroupMapping>&);

// In the order in which they were stored.
Result<std::vector<FolderMapping>> user_folders(sql::Connection&, std::int64_t user_id);
Result<std::vector<FolderMapping>> group_folders(sql::Connection&, std::int64_t group_id);
Result<std::vector<GroupMapping>> user_groups(sql::Connection&, std::int64_t user_id);
Result<std::vector<AdminGroupMapping>> admin_groups(sql::Connection&, std::int64_t admin_id);

}  // namespace slipway::accounts::relations
